-- A small company in enova365: only the columns that are read, own rows.
CREATE TABLE "dbo"."RozrachunkiIdx" (
    "ID" integer PRIMARY KEY, "Typ" integer NOT NULL, "PodmiotType" varchar(30), "Podmiot" integer, "DokumentType" varchar(30),
    "Dokument" integer, "Numer" varchar(50), "Data" timestamp, "Termin" timestamp, "KwotaValue" numeric(19,4) NOT NULL,
    "KwotaRozliczonaValue" numeric(19,4) NOT NULL, "KwotaSymbol" varchar(5) NOT NULL
);
CREATE TABLE "dbo"."Platnosci" ("ID" integer PRIMARY KEY, "DokumentType" varchar(30), "Dokument" integer, "Bufor" smallint);
CREATE TABLE "dbo"."DokHandlowe" ("ID" integer PRIMARY KEY, "NumerPelny" varchar(50), "Korekta" smallint);
CREATE TABLE "dbo"."Kontrahenci" (
    "ID" integer PRIMARY KEY, "Kod" varchar(20), "Nazwa" varchar(255), "NIP" varchar(20), "KontaktEMAIL" varchar(255)
);
CREATE TABLE "dbo"."Adresy" (
    "ID" integer PRIMARY KEY, "HostType" varchar(30), "Host" integer, "Typ" integer, "AdresUlica" varchar(50),
    "AdresNrDomu" varchar(20), "AdresKodPocztowy" varchar(10), "AdresPoczta" varchar(50), "AdresTelefon" varchar(50)
);
INSERT INTO "dbo"."Kontrahenci" VALUES
    (1, 'WIŚNIA', 'Wiśnia i Śliwka S.A.', '5210000001', 'ksiegowosc@wisnia.example'), (2, 'DOST', 'Dostawca', '', ''),
    (3, 'NADPL', 'Nadpłata', NULL, NULL);
INSERT INTO "dbo"."Adresy" VALUES
    (1, 'Kontrahenci', 1, 1, 'Sadowa', '12', '05-600', 'Grójec', '48 600 00 00'), (2, 'Kontrahenci', 1, 2, 'Inna', '1', '', '', ''),
    (3, 'Pracownicy', 1, 1, 'Prywatna', '1', '', '', '');
INSERT INTO "dbo"."DokHandlowe" VALUES (11, 'FV/000001/26', 0), (12, 'FK/000001/26', 1), (13, 'ZK/000009/26', 0), (51, 'of another table', 1);
INSERT INTO "dbo"."Platnosci" VALUES
    (51, 'DokHandlowe', 11, 0), (52, 'DokHandlowe', 12, 0), (53, 'DokHandlowe', 13, 0), (54, 'DokHandlowe', 11, 1), (55, 'DokEwidencji', 51, 0);
INSERT INTO "dbo"."RozrachunkiIdx" VALUES
    (101, 10, 'Kontrahenci', 1, 'Platnosci', 51, 'RN/1', '2026-01-02', '2026-01-16', 1230.0000, 0.0000, 'PLN'),
    (102, 10, 'Kontrahenci', 1, 'Platnosci', 51, 'RN/2', '2026-01-02', '2026-02-16', 1000.0000, 999.9900, ''),
    (103, 10, 'Kontrahenci', 1, 'Platnosci', 51, 'settled', '2026-01-02', '2026-01-16', 10.0000, 10.0000, 'PLN'),
    (104, 11, 'Kontrahenci', 1, 'Platnosci', 52, 'RN/4', '2026-01-20', '2026-01-20', 30.0000, 0.0000, 'PLN'),
    (105, 11, 'Kontrahenci', 2, 'Platnosci', 53, 'a purchase', '2026-01-20', '2026-01-20', 300.0000, 0.0000, 'PLN'),
    (106, 10, 'Kontrahenci', 1, 'Platnosci', 54, 'a draft', '2026-01-20', '2026-01-20', 300.0000, 0.0000, 'PLN'),
    (107, 10, 'Pracownicy', 1, 'Platnosci', 51, 'of an employee', '2026-01-20', '2026-01-20', 300.0000, 0.0000, 'PLN'),
    (108, 10, 'Kontrahenci', 2, 'Platnosci', 55, 'NOTA/1', '2026-01-20', '2026-01-27', 40.0000, 0.0000, 'EUR'),
    (109, 10, 'Kontrahenci', 2, NULL, NULL, 'no due date', '2026-01-20', NULL, 40.0000, 0.0000, 'EUR'),
    (110, 11, 'Kontrahenci', 2, 'Platnosci', 55, 'a liability of another kind', '2026-01-20', '2026-01-27', 40.0000, 0.0000, 'EUR'),
    (201, 20, 'Kontrahenci', 1, 'Zaplaty', 51, 'WB/7', '2026-02-20', '2026-02-20', 100.0000, 40.0000, 'PLN'),
    (202, 20, 'Kontrahenci', 3, 'Zaplaty', 52, 'WB/8', '2026-02-21', NULL, 5.0000, 0.0000, 'EUR'),
    (203, 20, 'Kontrahenci', 1, 'Zaplaty', 53, 'WB/9', '2026-02-26', '2026-02-26', 100.0000, 100.0000, 'PLN'),
    (204, 21, 'Kontrahenci', 1, 'Zaplaty', 54, 'outgoing', '2026-03-01', '2026-03-01', 100.0000, 0.0000, 'PLN');
