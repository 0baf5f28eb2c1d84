-- A small shop in Subiekt GT: only the columns that are read, own rows.
CREATE TABLE "dbo"."nz__Finanse" (
    "nzf_Id" integer PRIMARY KEY, "nzf_Typ" integer NOT NULL, "nzf_Podtyp" integer, "nzf_TypObiektu" integer NOT NULL,
    "nzf_IdObiektu" integer, "nzf_IdDokumentAuto" integer, "nzf_NumerPelny" varchar(144), "nzf_Data" timestamp NOT NULL,
    "nzf_TerminPlatnosci" timestamp, "nzf_WartoscPierwotnaWaluta" numeric(19,4) NOT NULL,
    "nzf_WartoscWaluta" numeric(19,4) NOT NULL, "nzf_IdWaluty" char(3) NOT NULL, "nzf_Tytulem" varchar(144)
);
CREATE TABLE "dbo"."dok__Dokument" ("dok_Id" integer PRIMARY KEY, "dok_Typ" integer NOT NULL);
CREATE TABLE "dbo"."kh__Kontrahent" (
    "kh_Id" integer PRIMARY KEY, "kh_REGON" varchar(20) NOT NULL, "kh_EMail" varchar(255) NOT NULL,
    "kh_Osoba" smallint NOT NULL, "kh_Zablokowany" smallint NOT NULL
);
CREATE TABLE "dbo"."kh_Pracownik" (
    "pk_Id" integer PRIMARY KEY, "pk_IdKh" integer NOT NULL, "pk_EMail" varchar(100) NOT NULL,
    "pk_Podstaw" smallint NOT NULL, "pk_Zablokowany" smallint NOT NULL
);
CREATE TABLE "dbo"."adr__Ewid" (
    "adr_Id" integer PRIMARY KEY, "adr_IdObiektu" integer NOT NULL, "adr_TypAdresu" integer NOT NULL,
    "adr_NazwaPelna" varchar(255) NOT NULL, "adr_NIP" varchar(20) NOT NULL, "adr_Ulica" varchar(60) NOT NULL,
    "adr_NrDomu" varchar(10) NOT NULL, "adr_NrLokalu" varchar(10) NOT NULL, "adr_Kod" varchar(8) NOT NULL,
    "adr_Miejscowosc" varchar(40) NOT NULL, "adr_Telefon" varchar(35) NOT NULL
);
CREATE TABLE "dbo"."adr_Email" (
    "am_Id" integer PRIMARY KEY, "am_IdAdres" integer NOT NULL, "am_Email" varchar(100) NOT NULL, "am_Podstawowy" smallint NOT NULL
);
CREATE TABLE "dbo"."nz_FinanseHistoriaWindykacji" (
    "hw_Id" integer PRIMARY KEY, "hw_Data" timestamp NOT NULL, "hw_IdRozrachunku" integer NOT NULL, "hw_Typ" integer NOT NULL
);
CREATE TABLE "dbo"."nz_TypZdarzeniaWindykacyjnego" ("wt_Id" integer PRIMARY KEY, "wt_Ponaglenie" smallint NOT NULL);
CREATE TABLE "dbo"."zw__ZdarzenieWindykacyjne" (
    "zwz_Id" integer PRIMARY KEY, "zwz_IdDluznika" integer NOT NULL, "zwz_TypDluznika" integer NOT NULL,
    "zwz_DataWystawieniaWezwania" timestamp NOT NULL
);
INSERT INTO "dbo"."dok__Dokument" VALUES (1, 2), (2, 6), (3, 1), (4, 5), (5, 21);
INSERT INTO "dbo"."kh__Kontrahent" VALUES
    (1, '012345678', 'biuro@ogrod.example', 0, 0), (2, '', '', 1, 0), (3, '', '', 0, 1), (4, '', 'x@wpłata.example', 0, 0),
    (5, '', '', 0, 0);
INSERT INTO "dbo"."adr__Ewid" VALUES
    (11, 1, 1, 'Ogród Źródło s.c.', '8971234567', 'Łąkowa', '3', '', '50-001', 'Wrocław', '71 300 00 00'),
    (12, 1, 2, 'Magazyn Ogród', '', 'Inna', '9', '', '50-002', 'Wrocław', ''),
    (13, 2, 1, 'Anna Żak', '', 'Długa', '7', '12', '80-831', 'Gdańsk', ''),
    (14, 3, 1, 'Zablokowana Sp. z o.o.', '', '', '', '', '', '', ''),
    (15, 4, 1, 'Tylko Wpłata', '', '', '', '', '', '', ''),
    (16, 2, 11, 'address of an object that is no customer', '', '', '', '', '', '', '');
INSERT INTO "dbo"."adr_Email" VALUES (1, 13, 'stary@zak.example', 0), (2, 13, 'anna@zak.example', 1), (3, 11, 'sklep@ogrod.example', 1);
INSERT INTO "dbo"."kh_Pracownik" VALUES
    (1, 2, 'nikt@zak.example', 1, 1), (2, 2, 'osoba@zak.example', 1, 0), (3, 1, 'druga@ogrod.example', 0, 0);
INSERT INTO "dbo"."nz__Finanse" VALUES
    (101, 39, 1, 1, 1, 1, 'FS 1/2026', '2026-01-02', '2026-01-16', 1230.0000, 1230.0000, 'PLN', NULL),
    (102, 39, 1, 1, 1, 1, 'FS 2/2026', '2026-01-02', '2026-01-16', 500.0000, 0.0100, 'EUR', NULL),
    (103, 39, 1, 1, 1, 1, 'FS settled', '2026-01-02', '2026-01-16', 500.0000, 0.0000, 'PLN', NULL),
    (104, 40, 1, 1, 1, 2, 'KFS 1/2026', '2026-01-20', '2026-01-20', 30.0000, 30.0000, '', NULL),
    (105, 40, 1, 1, 1, 3, 'FZ purchase', '2026-01-20', '2026-01-27', 900.0000, 900.0000, 'PLN', NULL),
    (106, 39, 1, 1, 1, 4, 'KFZ of a supplier', '2026-01-20', '2026-01-27', 40.0000, 40.0000, 'PLN', NULL),
    (107, 39, 4, 1, 2, 5, 'card', '2026-01-20', '2026-01-27', 40.0000, 40.0000, 'PLN', NULL),
    (108, 39, 5, 1, 2, 1, 'cash on delivery', '2026-01-20', '2026-01-27', 40.0000, 40.0000, 'PLN', NULL),
    (109, 39, NULL, 1, 2, NULL, 'NA 1/2026', '2026-01-20', '2026-01-27', 40.0000, 40.0000, 'PLN', NULL),
    (110, 39, 1, 2, 1, 1, 'of an office', '2026-01-20', '2026-01-27', 40.0000, 40.0000, 'PLN', NULL),
    (111, 39, 1, 1, 3, 1, 'FS 3/2026', '2026-01-20', '2026-01-27', 7.0000, 7.0000, 'PLN', NULL),
    (112, 39, 1, 1, 2, 1, 'no due date', '2026-01-20', NULL, 7.0000, 7.0000, 'PLN', NULL),
    (113, 40, 1, 1, 1, NULL, 'a liability without a document', '2026-01-20', '2026-01-27', 7.0000, 7.0000, 'PLN', NULL),
    (114, 39, 1, 1, 5, 1, 'FS 4/2026', '2026-01-20', '2026-01-27', 8.0000, 8.0000, 'PLN', NULL),
    (201, 19, 1, 1, 1, NULL, 'BP 1', '2026-02-20', NULL, 100.0000, 60.0000, 'PLN', 'zapłata'),
    (202, 17, 1, 1, 4, NULL, 'KP 1', '2026-02-21', NULL, 5.0000, 5.0000, 'EUR', NULL),
    (203, 19, 1, 1, 1, NULL, 'BP 2', '2026-02-28', NULL, 5.0000, 0.0000, 'PLN', NULL),
    (204, 20, 1, 1, 1, NULL, 'BW outgoing', '2026-03-01', NULL, 5.0000, 5.0000, 'PLN', NULL),
    (205, 19, 1, 2, 1, NULL, 'BP of an office', '2026-03-01', NULL, 5.0000, 5.0000, 'PLN', NULL);
INSERT INTO "dbo"."nz_TypZdarzeniaWindykacyjnego" VALUES (1, 1), (2, 0);
INSERT INTO "dbo"."nz_FinanseHistoriaWindykacji" VALUES (1, '2026-02-25', 101, 1), (2, '2026-02-27', 102, 2), (3, '2026-02-25', 103, 1);
INSERT INTO "dbo"."zw__ZdarzenieWindykacyjne" VALUES (1, 2, 1, '2026-02-01'), (2, 2, 1, '2026-02-24'), (3, 1, 2, '2026-02-24');
