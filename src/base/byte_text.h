// Sizes for people, in powers of 1000.
#pragma once

#include <cstdint>
#include <string>

namespace clary {

std::string bytes_text(std::uint64_t bytes);                         // 512 B, 1.5 KB, 3.4 GB
std::string bytes_of_text(std::uint64_t part, std::uint64_t whole);  // 1.2 of 3.4 GB

}  // namespace clary
