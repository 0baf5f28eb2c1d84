-- A small company in Dolibarr: only the columns that are read, own rows.
CREATE TABLE llx_facture (
    rowid integer AUTO_INCREMENT PRIMARY KEY, ref varchar(30) NOT NULL, entity integer DEFAULT 1 NOT NULL,
    ref_client varchar(255), type smallint DEFAULT 0 NOT NULL, fk_soc integer NOT NULL, datef date,
    date_lim_reglement date, total_ttc double(24,8) DEFAULT 0, multicurrency_code varchar(3), paye smallint DEFAULT 0 NOT NULL,
    fk_statut smallint DEFAULT 0 NOT NULL
);
CREATE TABLE llx_paiement_facture (
    rowid integer AUTO_INCREMENT PRIMARY KEY, fk_paiement integer, fk_facture integer, amount double(24,8) DEFAULT 0
);
CREATE TABLE llx_paiement (rowid integer AUTO_INCREMENT PRIMARY KEY, entity integer DEFAULT 1 NOT NULL, datep datetime);
CREATE TABLE llx_societe_remise_except (
    rowid integer AUTO_INCREMENT PRIMARY KEY, entity integer DEFAULT 1 NOT NULL, fk_soc integer NOT NULL,
    discount_type integer DEFAULT 0 NOT NULL, datec datetime, amount_ttc double(24,8) DEFAULT 0 NOT NULL,
    fk_facture_line integer, fk_facture integer, description text NOT NULL
);
CREATE TABLE llx_societe (
    rowid integer AUTO_INCREMENT PRIMARY KEY, nom varchar(128), code_client varchar(24), address varchar(255),
    zip varchar(25), town varchar(50), fk_pays integer DEFAULT 0, phone varchar(20), email varchar(128),
    fk_typent integer DEFAULT 0, siren varchar(128), tva_intra varchar(20), default_lang varchar(6)
);
CREATE TABLE llx_c_country (rowid integer PRIMARY KEY, code varchar(2) NOT NULL);
CREATE TABLE llx_c_typent (id integer PRIMARY KEY, code varchar(12) NOT NULL);
CREATE TABLE llx_actioncomm (
    id integer AUTO_INCREMENT PRIMARY KEY, datep datetime, code varchar(50), fk_element integer, elementtype varchar(255)
);
INSERT INTO llx_c_country VALUES (1, 'FR'), (4, 'ES'), (5, 'DE');
INSERT INTO llx_c_typent VALUES (0, '-'), (2, 'TE_GROUP'), (5, 'TE_ADMIN'), (8, 'TE_PRIVATE'), (100, 'TE_OTHER');
INSERT INTO llx_societe VALUES
    (1, 'Bâtiments Lœuillet', 'CU2401-00001', '12 rue de l''Église', '33000', 'Bordeaux', 1, '05 56 00 00 00', 'compta@loeuillet.example', 2, '123456789', 'FR40123456789', 'fr_FR'),
    (2, 'Núñez Peña, S.L.', 'CU2401-00002', NULL, NULL, NULL, 4, NULL, 'cuentas@nunez.example;admin@nunez.example', 100, '', '', 'es_ES'),
    (3, 'Mairie de Sète', 'CU2401-00003', '', '', '', NULL, '', '', 5, '', '', NULL),
    (4, 'Zoé Lefèvre', 'CU2401-00004', '', '', '', 1, '', '', 8, '', '', ''),
    (5, 'Seulement Avoir', 'CU2401-00005', '', '', '', 0, '', '', NULL, '', '', '');
INSERT INTO llx_facture VALUES
    (11, 'FA2601-0001', 1, 'BC 77', 0, 1, '2026-01-02', '2026-02-01', 1230.00000000, 'EUR', 0, 1),
    (12, 'FA2601-0002', 1, NULL, 0, 1, '2026-01-05', '2026-02-04', 0.30000000, NULL, 0, 1),
    (13, 'AV2601-0001', 1, NULL, 2, 1, '2026-01-20', '2026-01-20', -60.00000000, 'EUR', 0, 1),
    (14, 'FA paid', 1, NULL, 0, 1, '2026-01-05', '2026-02-04', 50.00000000, 'EUR', 1, 2),
    (15, '(PROV15)', 1, NULL, 0, 1, '2026-01-05', '2026-02-04', 50.00000000, 'EUR', 0, 0),
    (16, 'FA abandoned', 1, NULL, 0, 1, '2026-01-05', '2026-02-04', 50.00000000, 'EUR', 0, 3),
    (17, 'FA of another company', 2, NULL, 0, 1, '2026-01-05', '2026-02-04', 50.00000000, 'EUR', 0, 1),
    (18, 'FA2601-0003', 1, NULL, 0, 2, '2026-01-05', '2026-02-04', 91.23456700, 'USD', 0, 1),
    (19, 'FA2601-0004', 1, NULL, 3, 3, '2026-01-05', '2026-02-04', 100.00000000, '', 0, 1),
    (20, 'FA2601-0005', 1, NULL, 0, 4, '2026-01-05', NULL, 10.00000000, 'EUR', 0, 1),
    (21, 'FA2601-0006', 1, NULL, 0, 4, '2026-01-05', '2026-02-04', 33.33000000, 'EUR', 0, 1),
    (22, 'FA2601-0007', 1, NULL, 1, 4, '2026-01-05', '2026-02-04', 5.00000000, 'EUR', 0, 1);
INSERT INTO llx_paiement VALUES (1, 1, '2026-02-20 12:00:00'), (2, 1, '2026-02-26 00:00:00'), (3, 2, '2026-03-01 12:00:00');
INSERT INTO llx_paiement_facture VALUES (1, 1, 11, 30.1), (2, 2, 11, 0.2), (3, 2, 12, 0.1), (4, 2, 14, 50), (5, 2, 21, 11.11), (6, 2, 21, 11.11);
INSERT INTO llx_societe_remise_except VALUES
    (1, 1, 1, 0, '2026-01-10 10:00:00', 100.00000000, NULL, 11, '(CREDIT_NOTE)'),
    (2, 1, 1, 0, '2026-01-11 10:00:00', 20.10000000, NULL, NULL, '(DEPOSIT)'),
    (3, 1, 1, 0, '2026-01-12 10:00:00', 7.00000000, 55, NULL, 'used in a line'),
    (4, 1, 1, 1, '2026-01-13 10:00:00', 8.00000000, NULL, NULL, 'of a supplier'),
    (5, 2, 1, 0, '2026-03-01 10:00:00', 9.00000000, NULL, NULL, 'of another company'),
    (6, 1, 5, 0, '2026-01-14 10:00:00', 5.55000000, NULL, NULL, '(EXCESS RECEIVED)');
INSERT INTO llx_actioncomm VALUES
    (1, '2026-02-01 09:00:00', 'AC_BILL_SENTBYMAIL', 19, 'invoice'), (2, '2026-02-24 09:00:00', 'AC_BILL_SENTBYMAIL', 19, 'invoice'),
    (3, '2026-02-24 09:00:00', 'AC_PROPAL_SENTBYMAIL', 21, 'propal'), (4, '2026-02-24 09:00:00', 'AC_BILL_SENTBYMAIL', 14, 'invoice');
