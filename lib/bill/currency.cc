#include "bill/currency.h"

namespace hart::bill {
namespace {

/// The codes of one number of places, each followed by a space.
struct CurrencyGroup {
  int places;
  std::string_view codes;
};

constexpr CurrencyGroup kCurrencies[] = {
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "},
    {2,
     "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
     "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR "
     "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
     "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN "
     "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD "
     "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS "
     "VED VES WST XCD YER ZAR ZMW ZWG ZWL "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {4, "CLF UYW "},
};

}  // namespace

std::optional<int> minor_unit_places(std::string_view currency) noexcept {
  if (currency.size() != 3) return std::nullopt;
  for (const CurrencyGroup& group : kCurrencies) {
    const std::size_t at = group.codes.find(currency);
    if (at != std::string_view::npos && at % 4 == 0) return group.places;
  }
  return std::nullopt;
}

}  // namespace hart::bill
