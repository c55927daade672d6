// CBOR (RFC 8949) as far as Smithy's rpc-v2-cbor needs it: a writer, and a bounded reader by shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

class CborWriter {
 public:
  void map(std::size_t entries) { head(5, entries); }
  void array(std::size_t elements) { head(4, elements); }
  void text(std::string_view value);
  void bytes(std::string_view value);
  void integer(std::int64_t value);
  void floating(double value);
  void boolean(bool value) { out_.push_back(static_cast<char>(value ? 0xF5 : 0xF4)); }
  void null() { out_.push_back(static_cast<char>(0xF6)); }
  // Tag 1: seconds since the epoch.
  void timestamp(double seconds);
  std::string take() { return std::move(out_); }

 private:
  void head(unsigned major, std::uint64_t argument);
  void fixed(std::uint64_t value, int bytes);
  std::string out_;
};

// Throws std::logic_error when a value is not of its shape's kind.
void write_cbor_value(CborWriter& writer, const Shape& shape, const json::value& value);
std::string encode_cbor(const Shape& shape, const json::object& object);

// The same conventions as decode_json(). Indefinite lengths are read; unknown members skipped.
// Throws ApiError SerializationException.
json::object decode_cbor(const Shape& shape, std::string_view body);

}  // namespace clary::wire
