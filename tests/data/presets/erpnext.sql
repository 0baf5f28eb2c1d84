-- A small company in ERPNext: only the columns that are read, own rows.
CREATE TABLE `tabSales Invoice` (
    name varchar(140) PRIMARY KEY, company varchar(140), customer varchar(140), posting_date date, due_date date,
    docstatus int(1) NOT NULL DEFAULT 0, outstanding_amount decimal(21,9) NOT NULL DEFAULT 0,
    party_account_currency varchar(140), is_return int(1) NOT NULL DEFAULT 0, return_against varchar(140), po_no varchar(140)
);
CREATE TABLE `tabCustomer` (
    name varchar(140) PRIMARY KEY, customer_name varchar(140), customer_type varchar(140), customer_group varchar(140),
    tax_id varchar(140), language varchar(140), email_id varchar(140), mobile_no varchar(140), is_frozen int(1) NOT NULL DEFAULT 0,
    customer_primary_address varchar(140), customer_primary_contact varchar(140)
);
CREATE TABLE `tabAddress` (
    name varchar(140) PRIMARY KEY, address_line1 varchar(240), address_line2 varchar(240), pincode varchar(140),
    city varchar(140), country varchar(140), email_id varchar(140)
);
CREATE TABLE `tabCountry` (name varchar(140) PRIMARY KEY, code varchar(140));
CREATE TABLE `tabContact` (name varchar(140) PRIMARY KEY, email_id varchar(140));
CREATE TABLE `tabDunning` (name varchar(140) PRIMARY KEY, docstatus int(1) NOT NULL DEFAULT 0, posting_date date);
CREATE TABLE `tabOverdue Payment` (name varchar(140) PRIMARY KEY, parent varchar(140), sales_invoice varchar(140));
CREATE TABLE `tabPayment Entry` (
    name varchar(140) PRIMARY KEY, company varchar(140), docstatus int(1) NOT NULL DEFAULT 0, payment_type varchar(140),
    party_type varchar(140), party varchar(140), posting_date date, unallocated_amount decimal(21,9) NOT NULL DEFAULT 0,
    paid_from_account_currency varchar(140), reference_no varchar(140)
);
INSERT INTO `tabCountry` VALUES ('Germany', 'de'), ('Hungary', 'hu');
INSERT INTO `tabAddress` VALUES ('Kőszegi-Billing', 'Fő tér 3.', '', '9730', 'Kőszeg', 'Hungary', 'posta@koszegi.example');
INSERT INTO `tabContact` VALUES ('Ilona-Kőszegi', 'ilona@koszegi.example');
INSERT INTO `tabCustomer` VALUES
    ('Kőszegi Bútor Kft.', 'Kőszegi Bútor Kft.', 'Company', 'Handel', '12345678-2-18', 'hu', 'penzugy@koszegi.example', '+36 30 000 0000', 0, 'Kőszegi-Billing', 'Ilona-Kőszegi'),
    ('CUST-0002', 'Jürgen Groß', 'Individual', 'Individual', NULL, 'de', NULL, NULL, 0, NULL, NULL),
    ('CUST-0003', 'Eingefroren GmbH', 'Company', 'Handel', NULL, NULL, NULL, NULL, 1, NULL, NULL),
    ('CUST-0005', 'Weber & Söhne', 'Partnership', 'Handel', NULL, NULL, NULL, NULL, 0, NULL, NULL),
    ('CUST-0004', 'Nur Zahlung', 'Trust', 'Handel', NULL, NULL, NULL, NULL, 0, NULL, NULL);
INSERT INTO `tabSales Invoice` VALUES
    ('ACC-SINV-2026-00001', 'Beispiel GmbH', 'Kőszegi Bútor Kft.', '2026-01-02', '2026-02-01', 1, 1190.000000000, 'EUR', 0, NULL, 'PO 5'),
    ('ACC-SINV-2026-00002', 'Beispiel GmbH', 'Kőszegi Bútor Kft.', '2026-01-03', '2026-01-03', 1, -119.000000000, 'EUR', 1, 'ACC-SINV-2026-00001', NULL),
    ('ACC-SINV-2026-00003', 'Beispiel GmbH', 'CUST-0002', '2026-01-03', '2026-02-02', 0, 50.000000000, 'EUR', 0, NULL, NULL),
    ('ACC-SINV-2026-00004', 'Beispiel GmbH', 'CUST-0002', '2026-01-03', '2026-02-02', 2, 50.000000000, 'EUR', 0, NULL, NULL),
    ('ACC-SINV-2026-00005', 'Beispiel GmbH', 'CUST-0002', '2026-01-03', '2026-02-02', 1, 0.000000000, 'EUR', 0, NULL, NULL),
    ('ACC-SINV-2026-00006', 'Beispiel GmbH', 'CUST-0002', '2026-01-03', '2026-02-02', 1, 12.340000000, 'EUR', 0, NULL, NULL),
    ('ACC-SINV-2026-00007', 'Example Ltd', 'CUST-0003', '2026-01-03', '2026-02-02', 1, 7.000000000, 'GBP', 0, NULL, NULL),
    ('ACC-SINV-2026-00008', 'Beispiel GmbH', 'CUST-0005', '2026-01-03', '2026-02-02', 1, 8.000000000, 'USD', 0, NULL, NULL),
    ('ACC-SINV-2026-00009', 'Beispiel GmbH', 'CUST-0002', '2026-01-03', '2026-02-02', 1, 0.000000004, 'EUR', 0, NULL, NULL);
INSERT INTO `tabDunning` VALUES ('DUNN-1', 1, '2026-02-20'), ('DUNN-2', 0, '2026-02-25'), ('DUNN-3', 2, '2026-02-25');
INSERT INTO `tabOverdue Payment` VALUES
    ('a1', 'DUNN-1', 'ACC-SINV-2026-00001'), ('a2', 'DUNN-2', 'ACC-SINV-2026-00006'), ('a3', 'DUNN-3', 'ACC-SINV-2026-00006');
INSERT INTO `tabPayment Entry` VALUES
    ('ACC-PAY-1', 'Beispiel GmbH', 1, 'Receive', 'Customer', 'Kőszegi Bútor Kft.', '2026-02-20', 40.000000000, 'EUR', 'RF18'),
    ('ACC-PAY-2', 'Beispiel GmbH', 1, 'Receive', 'Customer', 'CUST-0002', '2026-02-25', 0.000000000, 'EUR', NULL),
    ('ACC-PAY-3', 'Beispiel GmbH', 1, 'Pay', 'Customer', 'CUST-0002', '2026-03-01', 5.000000000, 'EUR', NULL),
    ('ACC-PAY-4', 'Beispiel GmbH', 1, 'Receive', 'Supplier', 'CUST-0002', '2026-03-01', 5.000000000, 'EUR', NULL),
    ('ACC-PAY-5', 'Beispiel GmbH', 2, 'Receive', 'Customer', 'CUST-0002', '2026-03-01', 5.000000000, 'EUR', NULL),
    ('ACC-PAY-6', 'Beispiel GmbH', 1, 'Receive', 'Customer', 'CUST-0004', '2026-02-01', 6.000000000, 'EUR', NULL);
