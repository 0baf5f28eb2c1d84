-- A small company in Comarch ERP Optima: only the columns that are read, own rows.
CREATE TABLE "CDN"."BnkZdarzenia" (
    "BZd_BZdID" integer PRIMARY KEY, "BZd_PodmiotTyp" smallint NOT NULL, "BZd_PodmiotID" integer NOT NULL,
    "BZd_NumerPelny" varchar(256) NOT NULL, "BZd_DataDok" timestamp NOT NULL, "BZd_Termin" timestamp NOT NULL,
    "BZd_Kwota" numeric(15,2) NOT NULL, "BZd_KwotaRoz" numeric(15,2) NOT NULL, "BZd_Waluta" varchar(3) NOT NULL,
    "BZd_Kierunek" smallint NOT NULL, "BZd_Rozliczono" smallint NOT NULL, "BZd_Rozliczono2" smallint NOT NULL,
    "BZd_Stan" smallint NOT NULL, "BZd_DokumentTyp" smallint, "BZd_DokumentID" integer
);
CREATE TABLE "CDN"."TraNag" ("TrN_TrNID" integer PRIMARY KEY, "TrN_TypDokumentu" integer NOT NULL);
CREATE TABLE "CDN"."VatNag" ("VaN_VaNID" integer PRIMARY KEY, "VaN_Typ" smallint NOT NULL);
CREATE TABLE "CDN"."Kontrahenci" (
    "Knt_KntId" integer PRIMARY KEY, "Knt_Nazwa1" varchar(50) NOT NULL, "Knt_Nazwa2" varchar(50) NOT NULL,
    "Knt_Nazwa3" varchar(250) NOT NULL, "Knt_NipE" varchar(20) NOT NULL, "Knt_Regon" varchar(20) NOT NULL,
    "Knt_KrajISO" varchar(9) NOT NULL, "Knt_Ulica" varchar(40) NOT NULL, "Knt_NrDomu" varchar(10) NOT NULL,
    "Knt_NrLokalu" varchar(10) NOT NULL, "Knt_KodPocztowy" varchar(10) NOT NULL, "Knt_Miasto" varchar(40) NOT NULL,
    "Knt_Email" varchar(127) NOT NULL, "Knt_WindykacjaEMail" varchar(127) NOT NULL,
    "Knt_WindykacjaTelefonSms" varchar(20) NOT NULL, "Knt_TelefonSms" varchar(20) NOT NULL,
    "Knt_Telefon1" varchar(20) NOT NULL, "Knt_WindykacjaOsobaId" integer, "Knt_Grupa" varchar(20) NOT NULL,
    "Knt_Finalny" smallint NOT NULL, "Knt_DataAnonimizacji" timestamp, "Knt_NieRozliczac" smallint NOT NULL,
    "Knt_BlokadaDok" smallint NOT NULL, "Knt_Komornik" smallint NOT NULL
);
CREATE TABLE "CDN"."KntOsoby" (
    "KnO_KnOId" integer PRIMARY KEY, "KnO_Nazwisko" varchar(40) NOT NULL, "KnO_Email" varchar(60) NOT NULL,
    "KnO_TelefonSms" varchar(20) NOT NULL, "KnO_Nieaktywny" smallint NOT NULL, "KnO_DataAnonimizacji" timestamp
);
CREATE TABLE "CDN"."BnkZapisy" (
    "BZp_BZpID" integer PRIMARY KEY, "BZp_PodmiotTyp" smallint, "BZp_PodmiotID" integer, "BZp_DataDok" timestamp NOT NULL,
    "BZp_Kwota" numeric(15,2) NOT NULL, "BZp_KwotaRoz" numeric(15,2) NOT NULL, "BZp_Waluta" varchar(3) NOT NULL,
    "BZp_Kierunek" smallint NOT NULL, "BZp_Rozliczono" smallint NOT NULL, "BZp_Opis" varchar(1024) NOT NULL
);
CREATE TABLE "CDN"."BnkDokNag" (
    "BDN_BDNId" integer PRIMARY KEY, "BDN_Typ" smallint NOT NULL, "BDN_PodmiotTyp" smallint, "BDN_PodmiotID" integer,
    "BDN_DataDok" timestamp NOT NULL
);
CREATE TABLE "CDN"."WindykacjaLog" (
    "WiL_WiLId" integer PRIMARY KEY, "WiL_Data" timestamp NOT NULL, "WiL_Blad" integer NOT NULL,
    "WiL_PodmiotTyp" smallint NOT NULL, "WiL_PodmiotId" integer NOT NULL
);
INSERT INTO "CDN"."TraNag" VALUES (501, 302), (502, 302), (503, 302), (504, 302), (601, 301), (602, 302), (603, 302), (604, 301);
INSERT INTO "CDN"."VatNag" VALUES (501, 1), (601, 2), (602, 1);
INSERT INTO "CDN"."KntOsoby" VALUES
    (31, 'Łucja Ćwik', 'l.cwik@zazolc.example', '+48 600 000 031', 0, NULL),
    (32, 'Stary Pracownik', 'byly@zazolc.example', '', 1, NULL),
    (33, 'Anonim', 'anonim@zazolc.example', '', 0, '2025-01-31');
INSERT INTO "CDN"."Kontrahenci" VALUES
    (1, 'Zażółć Gęślą Jaźń', 'Sp. z o.o.', '', '5260250274', '012345678', 'PL', 'ul. Świętojańska', '10', '5', '81-391', 'Gdynia', 'biuro@zazolc.example', 'windykacja@zazolc.example', '', '', '+48 58 000 00 01', 31, 'HURT', 0, NULL, 0, 0, 0),
    (2, 'Dostawca i Odbiorca S.A.', '', '', '', '', '', 'Prosta', '1', '', '00-001', 'Warszawa', 'faktury@dio.example', '', '', '', '', 32, '', 0, NULL, 0, 0, 0),
    (3, 'ANONIM', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 33, '', 0, '2024-05-25', 0, 0, 0),
    (4, 'Nierozliczany', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 1, 0, 0),
    (5, 'Komornik Sądowy', '', 'przy Sądzie Rejonowym', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 0, 1),
    (6, 'Zablokowany', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 1, 0),
    (7, 'Jan Kowalski', '', '', '', '', '', '', '', '', '', '', 'jan@kowalski.example', '', '', '', '', NULL, '', 1, NULL, 0, 0, 0),
    (8, 'Müller & Söhne GmbH', '', '', 'DE811234567', '', 'DE', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 0, 0),
    (9, 'Ponaglony', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 0, 0),
    (10, 'Automat', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 0, 0),
    (11, 'Tylko Wpłata', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, '', 0, NULL, 0, 0, 0);
INSERT INTO "CDN"."BnkZdarzenia" VALUES
    (101, 1, 1, 'FA/1/2026', '2026-01-02', '2026-01-16', 1230.00, 0.00, '', 1, 1, 1, 1, 1, 501),
    (102, 1, 1, 'FA/2/2026', '2026-01-05', '2026-01-19', 1000.00, 400.01, '', 1, 1, 2, 1, 1, 502),
    (103, 1, 1, 'FA/settled', '2026-01-05', '2026-01-19', 77.00, 77.00, '', 1, 2, 2, 3, 1, 502),
    (104, 1, 1, 'FA/0-0', '2026-01-05', '2026-01-19', 9999.00, 0.00, '', 1, 0, 0, 1, NULL, NULL),
    (105, 1, 1, 'FA/draft', '2026-01-05', '2026-01-19', 55.00, 0.00, '', 1, 1, 1, 0, 1, 503),
    (106, 1, 1, 'FKOR/1/2026', '2026-01-20', '2026-01-20', 100.00, 0.00, '', -1, 1, 1, 1, 1, 504),
    (107, 1, 2, 'FZ/purchase', '2026-01-05', '2026-01-19', 5000.00, 0.00, '', -1, 1, 1, 1, 1, 601),
    (108, 1, 2, 'FA/3/2026', '2026-01-05', '2026-01-19', 50.00, 0.00, 'EUR', 1, 1, 1, 2, 1, 602),
    (109, 3, 1, 'employee', '2026-01-05', '2026-01-19', 3000.00, 0.00, '', 1, 1, 1, 1, 8, 501),
    (110, 1, 2, 'VZ/purchase', '2026-01-05', '2026-01-19', 700.00, 0.00, '', -1, 1, 1, 1, 2, 602),
    (111, 1, 7, 'REJ/sale', '2026-01-05', '2026-01-19', 61.50, 0.00, '', 1, 1, 1, 1, 2, 601),
    (112, 1, 3, 'FA/4/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (113, 1, 4, 'FA/5/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (114, 1, 5, 'FA/6/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (115, 1, 6, 'FA/7/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (116, 1, 8, 'FA/8/2026', '2026-01-05', '2026-01-19', 300.00, 0.00, 'EUR', 1, 1, 1, 1, 1, 603),
    (117, 1, 8, 'FA/8/2026', '2026-01-05', '2026-02-19', 300.00, 0.00, 'EUR', 1, 1, 1, 1, 1, 603),
    (118, 1, 9, 'FA/9/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (119, 1, 10, 'FA/10/2026', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 1, 1, 1, 1, 1, 603),
    (120, 1, 1, 'neutral', '2026-01-05', '2026-01-19', 10.00, 0.00, '', 0, 1, 1, 1, NULL, NULL),
    (121, 1, 2, 'FZK/refund of a supplier', '2026-01-05', '2026-01-19', 33.00, 0.00, '', 1, 1, 1, 1, 1, 604),
    (122, 1, 7, 'by hand', '2026-01-05', '2026-01-19', 1.00, 0.00, '', 1, 1, 1, 1, NULL, NULL),
    (123, 1, 99, 'nobody', '2026-01-05', '2026-01-19', 1.00, 0.00, '', 1, 1, 1, 1, NULL, NULL),
    (124, 1, 7, 'bad currency', '2026-01-05', '2026-01-19', 1.00, 0.00, 'QQQ', 1, 1, 1, 1, NULL, NULL);
INSERT INTO "CDN"."BnkZapisy" VALUES
    (901, 1, 1, '2026-02-20', 200.00, 50.00, '', 1, 1, 'zapłata za FA/1'),
    (902, 1, 1, '2026-02-27', 500.00, 500.00, '', 1, 2, 'rozliczona'),
    (903, 1, 2, '2026-03-01', 80.00, 0.00, '', -1, 1, 'outgoing'),
    (904, 3, 1, '2026-03-01', 80.00, 0.00, '', 1, 1, 'of an employee'),
    (905, 1, 11, '2026-02-10', 12.34, 0.00, 'EUR', 1, 1, ''),
    (906, 1, 1, '2026-02-11', 99.00, 0.00, '', 1, 0, 'not to be settled');
INSERT INTO "CDN"."BnkDokNag" VALUES
    (1, 222, 1, 9, '2026-01-30'), (2, 222, 1, 9, '2026-02-25'), (3, 223, 1, 8, '2026-02-28'), (4, 222, 3, 10, '2026-02-28');
INSERT INTO "CDN"."WindykacjaLog" VALUES (1, '2026-02-26 03:15:00', 0, 1, 10), (2, '2026-02-28 03:15:00', 1, 1, 8);
