// Unpredictable bytes and the identifiers made of them. All from the operating system's generator,
// so that keys and tokens can use them too.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace clary {

// threads: any. Throws std::runtime_error when the system has no randomness (never seen).
void fill_random(std::span<std::byte> buffer);

std::string random_hex(std::size_t bytes);
// Letters and digits A-Z0-9, the alphabet of AWS's ids.
std::string random_id(std::size_t characters);
// A version 4 UUID, in lower case: request ids.
std::string random_uuid();

}  // namespace clary
