-- A small company in WAPRO Mag: only the columns that are read, own rows. 82197 is 2026-01-14.
CREATE TABLE "dbo"."ROZRACHUNEK" (
    "ID_ROZRACHUNKU" numeric(18,0) PRIMARY KEY, "ID_KONTRAHENTA" numeric(18,0), "STRONA" varchar(2), "RODZAJ" varchar(1),
    "NR_DOK" varchar(30), "DATA_DOK" integer, "TERMIN_PLATNOSCI" integer, "KWOTA" numeric(15,2), "POZOSTALO" numeric(15,2),
    "SYM_WALUTY" varchar(3), "CZY_ROZLICZONY" smallint
);
CREATE TABLE "dbo"."KONTRAHENT" (
    "ID_KONTRAHENTA" numeric(18,0) PRIMARY KEY, "NAZWA" varchar(100), "NAZWA_PELNA" varchar(500), "NIP" varchar(20),
    "REGON" varchar(20), "SYM_KRAJU" varchar(10), "ULICA_LOKAL" varchar(100), "KOD_POCZTOWY" varchar(6),
    "MIEJSCOWOSC" varchar(40), "ADRES_EMAIL" varchar(100), "TELEFON_FIRMOWY" varchar(100)
);
CREATE TABLE "dbo"."KONTAKT" ("ID_KONTAKTU" numeric(18,0) PRIMARY KEY, "ID_KONTRAHENTA" numeric(18,0), "E_MAIL" varchar(100));
INSERT INTO "dbo"."KONTRAHENT" VALUES
    (1, 'ŚRUBEX', 'Śrubex Śruby i Nakrętki sp. j.', '6760000001', '351000001', 'PL', 'ul. Krótka 5', '30-001', 'Kraków', 'biuro@srubex.example', '12 400 00 00'),
    (2, 'Bez Pełnej Nazwy', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL),
    (3, 'Slovenská firma', '', 'SK2020000000', '', 'SK', '', '', '', NULL, ''),
    (4, 'Tylko Nadpłata', '', '', '', '', '', '', '', '', '');
INSERT INTO "dbo"."KONTAKT" VALUES (3, 2, 'drugi@bez.example'), (1, 2, ''), (2, 2, 'pierwszy@bez.example'), (4, 1, 'kontakt@srubex.example');
INSERT INTO "dbo"."ROZRACHUNEK" VALUES
    (101, 1, 'WN', 'N', 'FV 1/2026', 82184, 82197, 1230.00, 1230.00, 'PLN', 0),
    (102, 1, 'WN', 'N', 'FV 2/2026', 82184, 82211, 1000.00, 0.05, '', 1),
    (103, 1, 'WN', 'N', 'settled', 82184, 82211, 1000.00, 0.00, 'PLN', 2),
    (104, 1, 'MA', 'Z', 'a purchase', 82184, 82211, 700.00, 700.00, 'PLN', 0),
    (105, 1, 'WN', 'Z', 'a payment to a supplier', 82184, 82211, 70.00, 70.00, 'PLN', 0),
    (106, NULL, 'WN', 'N', 'nobody', 82184, 82211, 70.00, 70.00, 'PLN', 0),
    (107, 2, 'WN', 'N', 'no due date', 82184, 0, 70.00, 70.00, 'PLN', 0),
    (108, 2, 'WN', 'N', 'FV 3/2026', 1908212, 82211, 71.00, 71.00, NULL, 0),
    (109, 3, 'WN', 'N', 'FV 4/2026', 82184, 82211, 72.00, 72.00, 'EUR', 0),
    (201, 1, 'MA', 'N', 'KFV 1/2026', 82220, 82220, 30.00, 30.00, 'PLN', 0),
    (202, 1, 'MA', 'N', 'BP matched', 82241, 82241, 30.00, 0.00, 'PLN', 2),
    (203, 4, 'MA', 'N', 'BP 7', 82235, 82235, 30.00, 12.00, 'PLN', 1);
CREATE VIEW "dbo"."ROZRACHUNEK_VIEW" AS SELECT
    "ID_ROZRACHUNKU", "ID_KONTRAHENTA", "STRONA", "RODZAJ", "NR_DOK", "DATA_DOK", "TERMIN_PLATNOSCI", "KWOTA", "CZY_ROZLICZONY",
    CASE WHEN "STRONA" = 'WN' THEN "POZOSTALO" END AS "POZOSTALO_WN" FROM "dbo"."ROZRACHUNEK";
