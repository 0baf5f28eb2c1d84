-- A small company in Comarch ERP XL: only the columns that are read, own rows. 82197 is 2026-01-14, 82243 is 2026-03-01.
CREATE TABLE "CDN"."TraPlat" (
    "TrP_GIDTyp" smallint NOT NULL, "TrP_GIDNumer" integer NOT NULL, "TrP_GIDLp" smallint NOT NULL, "TrP_Typ" smallint,
    "TrP_Rozliczona" smallint, "TrP_KntTyp" smallint, "TrP_KntNumer" integer, "TrP_Kwota" numeric(15,2),
    "TrP_Pozostaje" numeric(15,2), "TrP_Waluta" varchar(3), "TrP_Termin" integer, "TrP_SpodziewanyTermin" integer,
    "TrP_TerminPoProlongacie" integer, "TrP_CzySprawaSporna" smallint,
    PRIMARY KEY ("TrP_GIDTyp", "TrP_GIDNumer", "TrP_GIDLp")
);
CREATE TABLE "CDN"."TraNag" (
    "TrN_GIDNumer" integer PRIMARY KEY, "TrN_GIDTyp" smallint, "TrN_TrNNumer" integer, "TrN_TrNRok" smallint,
    "TrN_TrNSeria" varchar(5), "TrN_Data2" integer, "TrN_DokumentObcy" varchar(40),
    "TrN_Stan" smallint
);
CREATE TABLE "CDN"."Obiekty" ("OB_GIDTyp" smallint PRIMARY KEY, "OB_Skrot" varchar(10));
CREATE TABLE "CDN"."KntKarty" (
    "Knt_GIDNumer" integer PRIMARY KEY, "Knt_GIDTyp" smallint, "Knt_Nazwa1" varchar(50), "Knt_Nazwa2" varchar(50),
    "Knt_Nazwa3" varchar(250), "Knt_NipE" varchar(20), "Knt_Regon" varchar(20), "Knt_Kraj" varchar(2),
    "Knt_Ulica" varchar(30), "Knt_Adres" varchar(30), "Knt_KodP" varchar(10), "Knt_Miasto" varchar(30),
    "Knt_EMail" varchar(255), "Knt_Telefon1" varchar(30), "Knt_Telefon2" varchar(30), "Knt_Anonim" smallint,
    "Knt_BlokadaTransakcji" smallint
);
CREATE TABLE "CDN"."KntOsoby" (
    "KnS_KntTyp" smallint NOT NULL, "KnS_KntNumer" integer NOT NULL, "KnS_KntLp" smallint NOT NULL,
    "KnS_EMail" varchar(255), "KnS_CzyEMailUpom" smallint, "KnS_OdpWindykacja" smallint, "KnS_Archiwalny" smallint
);
CREATE TABLE "CDN"."UpoNag" ("UPN_GIDNumer" integer PRIMARY KEY, "UPN_GIDTyp" smallint, "UPN_DataUp" integer);
CREATE TABLE "CDN"."UpoElem" (
    "UPE_GIDNumer" integer NOT NULL, "UPE_GIDLp" smallint NOT NULL, "UPE_TrPTyp" smallint, "UPE_TrPNumer" integer,
    "UPE_TrPLp" smallint
);
CREATE TABLE "CDN"."Zapisy" (
    "KAZ_GIDNumer" integer PRIMARY KEY, "KAZ_RP" smallint, "KAZ_KNTTyp" smallint, "KAZ_KNTNumer" integer,
    "KAZ_Anulowany" smallint, "KAZ_DataZapisu" integer, "KAZ_Rozliczony" smallint, "KAZ_Pozostaje" numeric(15,2),
    "KAZ_Waluta" varchar(3), "KAZ_Tresc" varchar(254)
);
INSERT INTO "CDN"."Obiekty" VALUES (2033, 'FS'), (2041, 'FSK'), (2037, 'FSE'), (1521, 'FZ'), (4144, 'NM');
INSERT INTO "CDN"."KntKarty" VALUES
    (7, 32, 'HURTOWNIA ŻELAZA                                  ', 'ŁĄCZNIK               ', '', '7740001454', '610188201', 'PL', 'ul. Chemików 7', '', '09-411', 'Płock', 'biuro@zelazo.example    ', '24 365 00 00', NULL, 0, 0),
    (8, 32, 'ANONIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 0),
    (9, 32, 'ZABLOKOWANY', '', '', '', '', '', '', '', '', '', '', '', '', 0, 1),
    (10, 32, 'Tschechische Firma s.r.o.', '', '', 'CZ12345678', '', 'CZ', '', '', '', 'Praha', 'a@firma.example', '', '', 0, 0),
    (11, 944, 'PRACOWNIK', '', '', '', '', '', '', '', '', '', '', '', '', 0, 0),
    (12, 32, 'SAMA WPŁATA', '', '', '', '', '', '', '', '', '', '', '', '', 0, 0);
INSERT INTO "CDN"."KntOsoby" VALUES
    (32, 7, 1, 'archiwum@zelazo.example', 1, 1, 1), (32, 7, 2, '', 1, 0, 0), (32, 7, 3, 'ksiegowosc@zelazo.example', 1, 0, 0),
    (32, 7, 4, 'druga@zelazo.example', 1, 0, NULL), (32, 7, 5, 'windykacja@zelazo.example', 0, 1, NULL),
    (944, 10, 1, 'pracownik@my.example', 1, 1, 0);
INSERT INTO "CDN"."TraNag" VALUES
    (1001, 2033, 17, 2026, 'A', 82184, 'ZAM/55', 3), (1002, 2033, 18, 2026, '', 82184, '', 5),
    (1003, 2041, 3, 2026, 'KOR', 82190, NULL, 3), (1004, 2037, 4, 2026, NULL, 1908212, NULL, 4),
    (1005, 1521, 9, 2026, '', 82184, 'obca', 3), (1006, 2033, 19, 2026, '', 82184, '', 0), (1007, 2033, 20, 2026, '', 82184, '', 1),
    (1008, 2033, 21, 2026, '', 82184, '', 2), (1009, 2033, 22, 2026, '', 82184, '', 6);
INSERT INTO "CDN"."TraPlat" VALUES
    (2033, 1001, 1, 2, 0, 32, 7, 1230.00, 1230.00, 'PLN', 82197, 0, 0, 0),
    (2033, 1001, 2, 2, 0, 32, 7, 1230.00, 230.01, 'PLN', 82211, 0, 0, 0),
    (2033, 1002, 1, 2, 0, 32, 7, 500.00, 500.00, '   ', 82197, 82250, 0, 1),
    (2041, 1003, 1, 1, 0, 32, 7, 100.00, 100.00, 'PLN', 82197, 0, 0, 0),
    (2037, 1004, 1, 2, 0, 32, 10, 300.00, 300.00, 'EUR', 82197, 0, 82260, 0),
    (1521, 1005, 1, 1, 0, 32, 7, 9999.00, 9999.00, 'PLN', 82197, 0, 0, 0),
    (2033, 1006, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 1007, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 1008, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 1009, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 2001, 1, 2, 1, 32, 7, 10.00, 0.00, 'PLN', 82197, 0, 0, 0),
    (2033, 2002, 1, 2, 2, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2833, 2003, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (7684, 2004, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (7680, 2005, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (1529, 2006, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 2007, 1, 2, 0, 944, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 2008, 1, 2, 0, 4304, 7, 10.00, 10.00, 'PLN', 82197, 0, 0, 0),
    (2033, 2009, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 1908212, 0, 0, 0),
    (2033, 2010, 1, 2, 0, 32, 7, 10.00, 10.00, 'PLN', 0, 0, 0, 0),
    (4144, 2011, 1, 2, 0, 32, 9, 12.00, 12.00, '', 82197, 999999, 1908212, NULL),
    (2033, 2012, 1, 2, 0, 32, 8, 13.00, 13.00, 'PLN', 82197, 0, 0, 0);
INSERT INTO "CDN"."UpoNag" VALUES (51, 2833, 82235), (52, 2833, 82220), (53, 2834, 82240), (54, 2833, 1908212);
INSERT INTO "CDN"."UpoElem" VALUES (51, 1, 2033, 1001, 2), (52, 1, 2033, 1001, 1), (53, 1, 2041, 1003, 1), (54, 1, 2033, 1002, 1), (51, 2, 2033, 2001, 1);
INSERT INTO "CDN"."Zapisy" VALUES
    (901, 2, 32, 7, 0, 82236, 0, 40.00, 'PLN', 'FS-17'), (902, 2, 32, 7, 0, 82240, 1, 0.00, 'PLN', ''),
    (903, 1, 32, 7, 0, 82241, 0, 50.00, 'PLN', 'outgoing'), (904, 2, 944, 7, 0, 82241, 0, 50.00, 'PLN', 'of an employee'),
    (905, 2, 32, 7, 1, 82241, 0, 50.00, 'PLN', 'cancelled'), (906, 2, 32, 7, NULL, 82230, 2, 50.00, 'PLN', 'not to be settled'),
    (907, 2, 32, 7, 0, 1908212, 0, 50.00, 'PLN', 'no date'), (908, 2, 32, 12, 0, 82230, 0, 5.00, '', '');
