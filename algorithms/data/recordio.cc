#include "algorithms/data/recordio.h"

#include <cstring>
#include <optional>

#include "algorithms/container/failure.h"

namespace clary::algorithms {
namespace {

constexpr std::uint32_t kMagic = 0xced7230a;
constexpr std::uint32_t kLengthMask = (1U << 29) - 1;
constexpr std::uint64_t kMaxIndex = (std::uint64_t{1} << 31) - 2;

// Field numbers of aialgs.data.Record and its tensors.
enum : std::uint32_t { kFeatures = 1, kLabel = 2 };
enum : std::uint32_t { kMapKey = 1, kMapValue = 2 };
enum : std::uint32_t { kFloat32 = 2, kFloat64 = 3, kInt32 = 7 };
enum : std::uint32_t { kValues = 1, kKeys = 2, kShape = 3 };
enum : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Malformed {};

// A protobuf message, read front to back; throws Malformed past its end.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = static_cast<std::uint32_t>(tag >> 3);
    type = static_cast<std::uint32_t>(tag & 7);
    if (type == kVarint) {
      number = varint();
    } else if (type == kFixed64) {
      bytes = take(8);
    } else if (type == kBytes) {
      bytes = take(varint());
    } else if (type == kFixed32) {
      bytes = take(4);
    } else {
      throw Malformed();
    }
    return true;
  }

  bool empty() const { return rest_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) throw Malformed();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    throw Malformed();
  }

  std::uint32_t field = 0;
  std::uint32_t type = 0;
  std::uint64_t number = 0;
  std::string_view bytes;

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw Malformed();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

struct Tensor {
  std::vector<float> values;
  std::vector<std::uint64_t> keys;
  std::uint64_t width = 0;  // the last dimension of its shape; 0: no shape
  bool known = false;

  void clear() {
    values.clear();
    keys.clear();
    width = 0;
    known = false;
  }
};

template <class T>
void read_fixed(std::string_view bytes, std::vector<float>& values) {
  if (bytes.size() % sizeof(T) != 0) throw Malformed();
  for (; !bytes.empty(); bytes.remove_prefix(sizeof(T))) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    values.push_back(static_cast<float>(value));
  }
}

void read_values(std::uint32_t kind, const Message& field, std::vector<float>& values) {
  if (kind == kFloat32) {
    read_fixed<float>(field.bytes, values);
  } else if (kind == kFloat64) {
    read_fixed<double>(field.bytes, values);
  } else if (field.type == kVarint) {
    values.push_back(static_cast<float>(static_cast<std::int32_t>(field.number)));
  } else {
    Message packed(field.bytes);
    while (!packed.empty()) {
      values.push_back(static_cast<float>(static_cast<std::int32_t>(packed.varint())));
    }
  }
}

void read_integers(const Message& field, std::vector<std::uint64_t>& to) {
  if (field.type == kVarint) {
    to.push_back(field.number);
    return;
  }
  Message packed(field.bytes);
  while (!packed.empty()) to.push_back(packed.varint());
}

void read_tensor(std::uint32_t kind, std::string_view bytes, Tensor& tensor) {
  tensor.known = true;
  std::vector<std::uint64_t> shape;
  for (Message message(bytes); message.next();) {
    if (message.field == kValues) read_values(kind, message, tensor.values);
    if (message.field == kKeys) read_integers(message, tensor.keys);
    if (message.field == kShape) read_integers(message, shape);
  }
  if (!shape.empty()) tensor.width = shape.back();
}

// A map entry; its tensor goes to `tensor` when the key is "values".
void read_entry(std::string_view bytes, Tensor& tensor) {
  std::string_view key;
  std::string_view value;
  for (Message message(bytes); message.next();) {
    if (message.field == kMapKey) key = message.bytes;
    if (message.field == kMapValue) value = message.bytes;
  }
  if (key != "values") return;
  for (Message message(value); message.next();) {
    if (message.type != kBytes) continue;
    if (message.field == kFloat32 || message.field == kFloat64 || message.field == kInt32) {
      read_tensor(message.field, message.bytes, tensor);
    }
  }
}

// Rows are gathered sparse or dense as the first says; a sparse one later turns the whole sparse.
class Rows {
 public:
  // What is wrong with the record, or nothing.
  std::optional<std::string> add(const Tensor& tensor) {
    const bool sparse = !tensor.keys.empty() || (tensor.values.empty() && tensor.width > 0);
    if (sparse && tensor.keys.size() != tensor.values.size()) {
      return "has " + std::to_string(tensor.keys.size()) + " keys for " +
             std::to_string(tensor.values.size()) + " values";
    }
    if (!sparse && tensor.values.empty()) return "has no features";
    Table row;
    row.rows = 1;
    if (!sparse) {
      if (!table.sparse && table.rows > 0 && table.columns != tensor.values.size()) {
        return "has " + std::to_string(tensor.values.size()) + " features, those before have " +
               std::to_string(table.columns);
      }
      if (!table.sparse) {
        table.columns = tensor.values.size();
        table.dense.insert(table.dense.end(), tensor.values.begin(), tensor.values.end());
        ++table.rows;
        return std::nullopt;
      }
      row.columns = tensor.values.size();
      row.dense = tensor.values;
    } else {
      row.sparse = true;
      row.row_starts = {0, tensor.values.size()};
      row.columns = tensor.width;
      for (const std::uint64_t key : tensor.keys) {
        if (key > kMaxIndex) return "has the feature index " + std::to_string(key);
        row.column_of.push_back(static_cast<std::uint32_t>(key));
        row.columns = std::max<std::size_t>(row.columns, key + 1);
      }
      if (row.columns > kMaxIndex + 1) return "has a shape that is too wide";
      row.values = tensor.values;
    }
    append(table, std::move(row));
    return std::nullopt;
  }

  Table table;
};

std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

Table read_recordio(std::string_view bytes, std::string_view source) {
  Rows rows;
  std::vector<float> labels;
  Tensor features;
  Tensor label;
  std::size_t number = 0;
  const auto fail = [&](const std::string& reason) {
    throw ClientError(std::string(source) + " record " + std::to_string(number) + " " + reason);
  };
  while (!bytes.empty()) {
    ++number;
    if (bytes.size() < 8) fail("is cut short");
    if (read_u32(bytes) != kMagic) {
      fail("does not begin with RecordIO's magic number: the data is not recordio-protobuf");
    }
    const std::size_t length = read_u32(bytes.substr(4)) & kLengthMask;
    bytes.remove_prefix(8);
    if (length > bytes.size()) fail("is cut short");
    features.clear();
    label.clear();
    try {
      for (Message message(bytes.substr(0, length)); message.next();) {
        if (message.type != kBytes) continue;
        if (message.field == kFeatures) read_entry(message.bytes, features);
        if (message.field == kLabel) read_entry(message.bytes, label);
      }
    } catch (const Malformed&) {
      fail("is no valid protobuf Record");
    }
    bytes.remove_prefix(std::min((length + 3) / 4 * 4, bytes.size()));
    if (!features.known) fail("has no Float32, Float64 or Int32 tensor 'values' in its features");
    if (auto wrong = rows.add(features)) fail(*wrong);
    if (label.known) labels.insert(labels.end(), label.values.begin(), label.values.end());
    if (!labels.empty() && labels.size() != number) fail("needs exactly one label");
  }
  rows.table.labels = std::move(labels);
  return std::move(rows.table);
}

namespace {

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void put_field(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_varint(out, (field << 3) | kBytes);
  put_varint(out, bytes.size());
  out.append(bytes);
}

}  // namespace

void write_record(std::string& out, std::span<const NamedValues> labels) {
  std::string record;
  for (const auto& [name, values] : labels) {
    std::string tensor;
    put_field(tensor, kValues,
              {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    std::string value;
    put_field(value, kFloat32, tensor);
    std::string entry;
    put_field(entry, kMapKey, name);
    put_field(entry, kMapValue, value);
    put_field(record, kLabel, entry);
  }
  const std::uint32_t head[] = {kMagic, static_cast<std::uint32_t>(record.size())};
  out.append(reinterpret_cast<const char*>(head), sizeof head);
  out.append(record);
  out.append((4 - record.size() % 4) % 4, '\0');
}

}  // namespace clary::algorithms
