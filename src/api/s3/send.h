// An object's bytes on their way from the store to the connection.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "api/s3/range.h"
#include "api/s3/s3.h"
#include "base/body.h"

namespace clary::api::s3 {

// Sends `range` of readable content whose bytes are in files, after the head was. Plain files go
// from file to socket in the kernel; encrypted ones in pieces of 256 KiB, decrypted by the
// connection's own thread where the kernel has them in memory, else on the pool while the one
// before is written. Throws StorageError at damaged bytes, which breaks the connection off: none of
// them is sent.
boost::asio::awaitable<void> send_files(Context& context, objects::ObjectContent& content,
                                        ByteRange range, BodyWriter& response);

}  // namespace clary::api::s3
