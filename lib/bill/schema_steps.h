#pragma once

namespace hart::bill {

/// The steps to schema version 5, in the order in which they run.
extern const char* const kPlanDocuments;
extern const char* const kCompactLedger;
extern const char* const kPeriodInvoices;
extern const char* const kCredits;
extern const char* const kQuotas;

/// That to version 6.
extern const char* const kReservationsInFile;

}  // namespace hart::bill
