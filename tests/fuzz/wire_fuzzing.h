// What the fuzzers of the wire layer share: models, an operation chosen by the input's first bytes,
// and what must hold of everything that a decoder lets through.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "wire/codec.h"
#include "wire/utf8.h"
#include "wire/validate.h"

namespace clary::wire {

inline const Models& fuzz_models() {
  static const Models kModels;
  return kModels;
}

// Takes two bytes off `data`.
inline const Operation& take_operation(const ServiceModel& model, std::string_view& data) {
  std::size_t number = 0;
  for (int i = 0; i < 2 && !data.empty(); ++i) {
    number = number << 8 | static_cast<unsigned char>(data[0]);
    data.remove_prefix(1);
  }
  return model.operations()[number % model.operations().size()];
}

[[noreturn]] inline void fuzz_fail(std::string_view what, std::string_view first,
                                   std::string_view second) {
  std::cerr << what << "\n" << first << "\n" << second << "\n";
  std::abort();
}

inline bool text_is_utf8(const json::value& value) {
  if (value.is_string()) return valid_utf8(value.get_string());
  if (value.is_array()) {
    return std::all_of(value.get_array().begin(), value.get_array().end(), text_is_utf8);
  }
  if (!value.is_object()) return true;
  return std::all_of(value.get_object().begin(), value.get_object().end(), [](const auto& entry) {
    return valid_utf8(entry.key()) && text_is_utf8(entry.value());
  });
}

// Decoded input is what documents are made of: it must be storable, and validation must judge it.
inline void check_decoded(const Operation& operation, const json::object& input) {
  if (!text_is_utf8(input)) fuzz_fail("not UTF-8", json::serialize(input), "");
  if (operation.input == nullptr) return;
  const auto message = validation_message(*operation.input, input);
  if (message && !valid_utf8(*message)) fuzz_fail("message is not UTF-8", *message, "");
}

}  // namespace clary::wire
