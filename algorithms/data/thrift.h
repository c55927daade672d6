// Thrift's compact protocol, as far as Parquet's metadata needs it.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace clary::algorithms {

class ThriftError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads structures front to back. For each field the callback reads the value by its kind or leaves
// it, and then the reader skips it. Throws ThriftError on anything cut short or nested too deeply.
class ThriftReader {
 public:
  explicit ThriftReader(std::string_view bytes) : rest_(bytes) {}

  struct Field {
    int id = 0;
    int type = 0;
    bool is_integer() const { return type >= 3 && type <= 6; }
    bool is_bool() const { return type == 1 || type == 2; }
    bool is_text() const { return type == 8; }
    bool is_list() const { return type == 9; }
    bool is_struct() const { return type == 12; }
  };

  // Calls `read` for each field; what it answers false for is skipped.
  void read_struct(const std::function<bool(const Field&)>& read);
  // Calls `read` for each element of a list of structures; other lists throw.
  void read_structs(const std::function<void()>& read);

  std::int64_t read_integer();
  std::string_view read_text();
  // How much was read.
  std::string_view rest() const { return rest_; }

 private:
  struct Deeper;
  std::uint64_t varint();
  unsigned char byte();
  std::string_view take(std::uint64_t size);
  void skip(int type);
  void skip_element(int type);

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace clary::algorithms
