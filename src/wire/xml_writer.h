// XML by shape, for answers of query services and S3.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

void append_xml_text(std::string& out, std::string_view text);
void append_xml_element(std::string& out, std::string_view name, std::string_view text);

// The members of `object` as elements, without an element around them; members that travel outside
// of the body are left out. Throws std::logic_error when a value is not of its shape's kind.
void write_xml_members(std::string& out, const Shape& shape, const json::object& object);

// One element of any shape, lists and maps with their wrapping as the model has it.
void write_xml_member(std::string& out, const Member& member, const json::value& value);

}  // namespace clary::wire
