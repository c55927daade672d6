// The values of an object by its shape's members.
#pragma once

#include <array>
#include <vector>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

// One lookup for each value that is there, rather than one for each member that may be: objects
// have few values, shapes many members. References the object and the shape.
class MemberValues {
 public:
  MemberValues(const Shape& shape, const json::object& object) {
    if (shape.members.size() > few_.size()) many_.resize(shape.members.size());
    values_ = many_.empty() ? few_.data() : many_.data();
    std::fill_n(values_, shape.members.size(), nullptr);
    for (const auto& [name, value] : object) {
      const Member* member = shape.find_member(name);
      if (member != nullptr) values_[member - shape.members.data()] = &value;
    }
  }
  MemberValues(const MemberValues&) = delete;
  MemberValues& operator=(const MemberValues&) = delete;

  // By the member's place in the shape; nullptr when absent.
  const json::value* operator[](std::size_t index) const { return values_[index]; }

 private:
  std::array<const json::value*, 64> few_;
  std::vector<const json::value*> many_;
  const json::value** values_;
};

}  // namespace clary::wire
