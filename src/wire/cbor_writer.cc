#include <bit>
#include <cmath>
#include <stdexcept>

#include "base/text.h"
#include "wire/cbor.h"

namespace clary::wire {
namespace {

[[noreturn]] void wrong_kind(const Shape& shape) {
  throw std::logic_error("an answer's value is not of the kind of shape " + shape.name);
}

void write_structure(CborWriter& writer, const Shape& shape, const json::object& object) {
  std::size_t present = 0;
  for (const Member& member : shape.members) {
    const json::value* value = object.if_contains(member.name);
    if (value != nullptr && !value->is_null()) ++present;
  }
  writer.map(present);
  for (const Member& member : shape.members) {
    const json::value* value = object.if_contains(member.name);
    if (value == nullptr || value->is_null()) continue;
    writer.text(member.name);
    write_cbor_value(writer, *member.shape, *value);
  }
}

double number_of(const Shape& shape, const json::value& value) {
  if (!value.is_number()) wrong_kind(shape);
  return value.to_number<double>();
}

void write_integer(CborWriter& writer, const Shape& shape, const json::value& value) {
  if (value.is_int64()) return writer.integer(value.get_int64());
  const double number = number_of(shape, value);
  if (!(std::abs(number) < 0x1p63)) wrong_kind(shape);
  writer.integer(static_cast<std::int64_t>(number));
}

void write_text(CborWriter& writer, const Shape& shape, const json::value& value) {
  if (!value.is_string()) wrong_kind(shape);
  if (shape.kind == ShapeKind::kString) return writer.text(value.get_string());
  const auto bytes = unbase64(value.get_string());
  if (!bytes) wrong_kind(shape);
  writer.bytes(*bytes);
}

}  // namespace

void CborWriter::fixed(std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out_.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

void CborWriter::head(unsigned major, std::uint64_t argument) {
  const auto lead = [&](unsigned info) { out_.push_back(static_cast<char>(major << 5 | info)); };
  if (argument < 24) {
    lead(static_cast<unsigned>(argument));
  } else if (argument <= 0xFF) {
    lead(24);
    fixed(argument, 1);
  } else if (argument <= 0xFFFF) {
    lead(25);
    fixed(argument, 2);
  } else if (argument <= 0xFFFFFFFF) {
    lead(26);
    fixed(argument, 4);
  } else {
    lead(27);
    fixed(argument, 8);
  }
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  out_ += value;
}

void CborWriter::bytes(std::string_view value) {
  head(2, value.size());
  out_ += value;
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) {
    head(0, static_cast<std::uint64_t>(value));
  } else {
    head(1, ~static_cast<std::uint64_t>(value));
  }
}

void CborWriter::floating(double value) {
  out_.push_back(static_cast<char>(0xFB));
  fixed(std::bit_cast<std::uint64_t>(value), 8);
}

void CborWriter::timestamp(double seconds) {
  head(6, 1);
  floating(seconds);
}

void write_cbor_value(CborWriter& writer, const Shape& shape, const json::value& value) {
  if (value.is_null()) return writer.null();
  switch (shape.kind) {
    case ShapeKind::kStructure:
      if (!value.is_object()) wrong_kind(shape);
      return write_structure(writer, shape, value.get_object());
    case ShapeKind::kList:
      if (!value.is_array()) wrong_kind(shape);
      writer.array(value.get_array().size());
      for (const json::value& element : value.get_array()) {
        write_cbor_value(writer, *shape.element.shape, element);
      }
      return;
    case ShapeKind::kMap:
      if (!value.is_object()) wrong_kind(shape);
      writer.map(value.get_object().size());
      for (const auto& [key, entry] : value.get_object()) {
        writer.text(key);
        write_cbor_value(writer, *shape.value.shape, entry);
      }
      return;
    case ShapeKind::kString:
    case ShapeKind::kBlob:
      return write_text(writer, shape, value);
    case ShapeKind::kInteger:
    case ShapeKind::kLong:
      return write_integer(writer, shape, value);
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return writer.floating(number_of(shape, value));
    case ShapeKind::kBoolean:
      if (!value.is_bool()) wrong_kind(shape);
      return writer.boolean(value.get_bool());
    case ShapeKind::kTimestamp:
      return writer.timestamp(number_of(shape, value));
  }
}

std::string encode_cbor(const Shape& shape, const json::object& object) {
  CborWriter writer;
  write_structure(writer, shape, object);
  return writer.take();
}

}  // namespace clary::wire
