#include "algorithms/data/parquet.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "algorithms/container/failure.h"
#include "algorithms/data/decompress.h"
#include "algorithms/data/parquet_pages.h"
#include "algorithms/data/thrift.h"

namespace clary::algorithms {
namespace {

// Field numbers and enumerations are those of parquet.thrift (Apache Parquet's format).
using Field = ThriftReader::Field;

// A run of one value takes a few bytes however long it is; a file that claims more rows per byte
// than any writer reaches is damaged.
constexpr std::uint64_t kMaxRowsPerByte = 10'000;
// Likewise a page that unpacks to more than this many times its size and a mebibyte.
constexpr std::uint64_t kMaxPageGrowth = 20'000;

struct Column {
  std::string name;
  NumericType type;
  bool nullable = false;
};

struct Chunk {
  std::int64_t codec = 0;
  std::int64_t values = 0;
  std::int64_t bytes = 0;
  std::int64_t data_offset = 0;
  std::int64_t dictionary_offset = 0;
};

struct RowGroup {
  std::int64_t rows = 0;
  std::vector<Chunk> chunks;
};

struct PageHeader {
  std::int64_t type = -1;
  std::int64_t size = 0;
  std::int64_t compressed_size = 0;
  std::int64_t values = 0;
  std::int64_t encoding = 0;
  std::int64_t definition_bytes = 0;  // version 2
  std::int64_t repetition_bytes = 0;  // version 2
  bool is_compressed = true;          // version 2
};

enum : std::int64_t { kDataPage = 0, kDictionaryPage = 2, kDataPageV2 = 3 };

struct SchemaElement {
  std::int64_t physical = -1;
  std::int64_t repetition = 0;
  std::int64_t children = 0;
  std::int64_t converted = -1;
  std::int64_t scale = 0;
  std::string name;
};

std::string decimal_name(const SchemaElement& element) {
  return "column '" + element.name.substr(0, 60) + "'";
}

// Sets `to` when the field is an integer; answers whether it was read.
bool integer(ThriftReader& reader, const Field& field, std::int64_t& to) {
  if (!field.is_integer()) return false;
  to = reader.read_integer();
  return true;
}

SchemaElement read_element(ThriftReader& reader) {
  SchemaElement element;
  reader.read_struct([&](const Field& field) {
    switch (field.id) {
      case 1:
        return integer(reader, field, element.physical);
      case 3:
        return integer(reader, field, element.repetition);
      case 4:
        if (!field.is_text()) return false;
        element.name = reader.read_text();
        return true;
      case 5:
        return integer(reader, field, element.children);
      case 6:
        return integer(reader, field, element.converted);
      case 7:
        return integer(reader, field, element.scale);
      default:
        return false;
    }
  });
  return element;
}

Column column_of(const SchemaElement& element) {
  constexpr std::int64_t kRepeated = 2;
  constexpr std::int64_t kDecimal = 5;
  if (element.children > 0 || element.repetition == kRepeated) {
    throw ParquetError(decimal_name(element) + " is nested; only plain columns can be used");
  }
  Column column;
  column.name = element.name;
  column.nullable = element.repetition == 1;
  const std::int64_t kind = element.physical;
  if (kind != 0 && kind != 1 && kind != 2 && kind != 4 && kind != 5) {
    throw ParquetError(decimal_name(element) + " is not numeric");
  }
  column.type.physical = static_cast<Physical>(kind);
  column.type.is_unsigned = element.converted >= 11 && element.converted <= 14;
  if (element.converted == kDecimal && element.scale > 0 && element.scale < 20) {
    column.type.scale = std::pow(10.0, static_cast<double>(element.scale));
  }
  return column;
}

Chunk read_chunk(ThriftReader& reader) {
  Chunk chunk;
  reader.read_struct([&](const Field& field) {
    if (field.id != 3 || !field.is_struct()) return false;
    reader.read_struct([&](const Field& meta) {
      switch (meta.id) {
        case 4:
          return integer(reader, meta, chunk.codec);
        case 5:
          return integer(reader, meta, chunk.values);
        case 7:
          return integer(reader, meta, chunk.bytes);
        case 9:
          return integer(reader, meta, chunk.data_offset);
        case 11:
          return integer(reader, meta, chunk.dictionary_offset);
        default:
          return false;
      }
    });
    return true;
  });
  return chunk;
}

struct Metadata {
  std::vector<Column> columns;
  std::vector<RowGroup> groups;
};

Metadata read_metadata(std::string_view bytes) {
  Metadata metadata;
  std::vector<SchemaElement> schema;
  ThriftReader reader(bytes);
  reader.read_struct([&](const Field& field) {
    if (!field.is_list()) return false;
    if (field.id == 2) {
      reader.read_structs([&] { schema.push_back(read_element(reader)); });
      return true;
    }
    if (field.id != 4) return false;
    reader.read_structs([&] {
      RowGroup& group = metadata.groups.emplace_back();
      reader.read_struct([&](const Field& part) {
        if (part.id == 3) return integer(reader, part, group.rows);
        if (part.id != 1 || !part.is_list()) return false;
        reader.read_structs([&] { group.chunks.push_back(read_chunk(reader)); });
        return true;
      });
    });
    return true;
  });
  // The first element is the root.
  for (std::size_t i = 1; i < schema.size(); ++i) metadata.columns.push_back(column_of(schema[i]));
  return metadata;
}

bool read_page_part(ThriftReader& reader, const Field& field, PageHeader& header) {
  if (!field.is_struct()) return false;
  const bool second = field.id == 8;
  reader.read_struct([&](const Field& part) {
    if (part.id == 1) return integer(reader, part, header.values);
    if (part.id == (second ? 4 : 2)) return integer(reader, part, header.encoding);
    if (!second) return false;
    if (part.id == 5) return integer(reader, part, header.definition_bytes);
    if (part.id == 6) return integer(reader, part, header.repetition_bytes);
    if (part.id == 7 && part.is_bool()) header.is_compressed = part.type == 1;
    return false;
  });
  return true;
}

PageHeader read_page_header(ThriftReader& reader) {
  PageHeader header;
  reader.read_struct([&](const Field& field) {
    switch (field.id) {
      case 1:
        return integer(reader, field, header.type);
      case 2:
        return integer(reader, field, header.size);
      case 3:
        return integer(reader, field, header.compressed_size);
      case 5:
      case 7:
      case 8:
        return read_page_part(reader, field, header);
      default:
        return false;
    }
  });
  return header;
}

// One column of one row group.
class ChunkReader {
 public:
  ChunkReader(std::string_view file, const Column& column, const Chunk& chunk)
      : column_(column), codec_(static_cast<Codec>(chunk.codec)), wanted_(chunk.values) {
    const bool dictionary =
        chunk.dictionary_offset > 0 && chunk.dictionary_offset < chunk.data_offset;
    const std::int64_t start = dictionary ? chunk.dictionary_offset : chunk.data_offset;
    if (start < 0 || static_cast<std::uint64_t>(start) > file.size()) {
      throw ParquetError("a column begins outside the file");
    }
    rest_ = file.substr(static_cast<std::size_t>(start));
  }

  // Exactly as many values as the chunk says.
  std::vector<float> read() {
    while (static_cast<std::int64_t>(values_.size()) < wanted_) read_page();
    values_.resize(static_cast<std::size_t>(wanted_));
    return std::move(values_);
  }

 private:
  void read_page() {
    ThriftReader reader(rest_);
    const PageHeader header = read_page_header(reader);
    rest_ = reader.rest();
    const auto size = static_cast<std::uint64_t>(header.compressed_size);
    if (header.compressed_size < 0 || header.size < 0 || header.values < 0 || size > rest_.size() ||
        static_cast<std::uint64_t>(header.size) > kMaxPageGrowth * size + (1U << 20)) {
      throw ParquetError("a page is cut short");
    }
    const std::string_view page = rest_.substr(0, size);
    rest_.remove_prefix(size);
    const auto full = static_cast<std::size_t>(header.size);
    if (header.type == kDictionaryPage) {
      dictionary_ = read_values(decompress(codec_, page, full), Encoding::kPlain, column_.type,
                                static_cast<std::size_t>(header.values), {});
    } else if (header.type == kDataPage) {
      if (header.values > wanted_) throw ParquetError("a page has more values than its column");
      read_data(decompress(codec_, page, full), header);
    } else if (header.type == kDataPageV2) {
      if (header.values > wanted_) throw ParquetError("a page has more values than its column");
      read_data_v2(page, full, header);
    }
  }

  void read_data(const std::string& page, const PageHeader& header) {
    std::string_view bytes = page;
    std::string_view levels;
    if (column_.nullable) {
      std::uint32_t size = 0;
      if (bytes.size() < sizeof size) throw ParquetError("a page is cut short");
      std::memcpy(&size, bytes.data(), sizeof size);
      bytes.remove_prefix(sizeof size);
      if (size > bytes.size()) throw ParquetError("a page is cut short");
      levels = bytes.substr(0, size);
      bytes.remove_prefix(size);
    }
    add(levels, bytes, header);
  }

  // Version 2 keeps the levels uncompressed in front.
  void read_data_v2(std::string_view page, std::size_t full, const PageHeader& header) {
    const std::int64_t front = header.definition_bytes + header.repetition_bytes;
    if (header.definition_bytes < 0 || header.repetition_bytes < 0 ||
        static_cast<std::uint64_t>(front) > page.size() ||
        static_cast<std::uint64_t>(front) > full) {
      throw ParquetError("a page is cut short");
    }
    const std::string_view levels = page.substr(static_cast<std::size_t>(header.repetition_bytes),
                                                static_cast<std::size_t>(header.definition_bytes));
    const std::string_view rest = page.substr(static_cast<std::size_t>(front));
    const std::size_t rest_size = full - static_cast<std::size_t>(front);
    const Codec codec = header.is_compressed && rest_size > 0 ? codec_ : Codec::kNone;
    add(levels, decompress(codec, rest, rest_size), header);
  }

  void add(std::string_view levels, std::string_view bytes, const PageHeader& header) {
    const auto count = static_cast<std::size_t>(header.values);
    const auto encoding = static_cast<Encoding>(header.encoding);
    if (!column_.nullable) {
      const std::vector<float> values =
          read_values(bytes, encoding, column_.type, count, dictionary_);
      values_.insert(values_.end(), values.begin(), values.end());
      return;
    }
    const std::vector<std::uint32_t> present = read_hybrid(levels, 1, count);
    const auto some = static_cast<std::size_t>(std::ranges::count(present, 1U));
    const std::vector<float> values = read_values(bytes, encoding, column_.type, some, dictionary_);
    std::size_t next = 0;
    for (const std::uint32_t here : present) {
      values_.push_back(here != 0 ? values[next++] : kMissing);
    }
  }

  const Column& column_;
  const Codec codec_;
  const std::int64_t wanted_;
  std::string_view rest_;
  std::vector<float> dictionary_;
  std::vector<float> values_;
};

std::string_view footer_of(std::string_view bytes) {
  if (bytes.size() < 12 || !bytes.starts_with("PAR1") || !bytes.ends_with("PAR1")) {
    throw ParquetError("it is not a Parquet file, or cut short");
  }
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + bytes.size() - 8, sizeof size);
  if (size > bytes.size() - 12) throw ParquetError("its footer is cut short");
  return bytes.substr(bytes.size() - 8 - size, size);
}

void read_group(std::string_view bytes, const Metadata& metadata, const RowGroup& group,
                Table& table) {
  if (group.chunks.size() != metadata.columns.size()) throw ParquetError("a column is missing");
  const auto rows = static_cast<std::size_t>(group.rows);
  if (group.rows < 0 || rows > bytes.size() * kMaxRowsPerByte) {
    throw ParquetError("it claims more rows than it can hold");
  }
  if (rows == 0) return;
  const std::size_t first = table.rows;
  for (std::size_t i = 0; i < metadata.columns.size(); ++i) {
    const Column& column = metadata.columns[i];
    if (group.chunks[i].values != group.rows) throw ParquetError("its columns differ in length");
    std::vector<float> values;
    try {
      values = ChunkReader(bytes, column, group.chunks[i]).read();
    } catch (const std::runtime_error& error) {
      throw ParquetError("column '" + column.name.substr(0, 60) + "': " + error.what());
    }
    if (i == 0) {
      table.labels.insert(table.labels.end(), values.begin(), values.end());
      table.dense.resize((first + rows) * table.columns);
      continue;
    }
    float* to = table.dense.data() + first * table.columns + i - 1;
    for (std::size_t row = 0; row < rows; ++row) to[row * table.columns] = values[row];
  }
  table.rows += rows;
}

}  // namespace

Table read_parquet(std::string_view bytes, std::string_view source) {
  try {
    const Metadata metadata = read_metadata(footer_of(bytes));
    if (metadata.columns.size() < 2) {
      throw ParquetError("a label and at least one feature column are needed");
    }
    Table table;
    table.columns = metadata.columns.size() - 1;
    for (const RowGroup& group : metadata.groups) read_group(bytes, metadata, group, table);
    const auto unlabeled = std::ranges::find_if(table.labels, [](float l) { return l != l; });
    if (unlabeled != table.labels.end()) {
      throw ParquetError("row " + std::to_string(unlabeled - table.labels.begin() + 1) +
                         " has no label in its first column");
    }
    return table;
  } catch (const std::runtime_error& error) {
    throw ClientError("Failed to load parquet data from " + std::string(source) + ": " +
                      error.what());
  }
}

}  // namespace clary::algorithms
