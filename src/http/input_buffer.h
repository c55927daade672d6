// Bytes that came from a socket and wait to be parsed: one flat piece of memory per connection.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace clary::http {

// threads: one at a time.
class InputBuffer {
 public:
  explicit InputBuffer(std::size_t initial_bytes) : data_(initial_bytes) {}

  std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Room to read into; at least `wanted` bytes.
  std::span<char> prepare(std::size_t wanted) {
    if (data_.size() - end_ < wanted && begin_ > 0) {
      std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (data_.size() - end_ < wanted) data_.resize(end_ + wanted);
    return {data_.data() + end_, data_.size() - end_};
  }
  void commit(std::size_t bytes) { end_ += bytes; }

 private:
  std::vector<char> data_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace clary::http
