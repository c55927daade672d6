#include "wire/event_stream.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace clary::wire {
namespace {

// The first two are the specification's own vectors.
TEST(EventStream, FramesAsThePublishedVectors) {
  EXPECT_EQ(hex(as_bytes(event_message({}, ""))), "000000100000000005c248eb7d98c8ff");
  EXPECT_EQ(hex(as_bytes(event_message({}, "{'foo':'bar'}"))),
            "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
  EXPECT_EQ(hex(as_bytes(event_message({{":message-type", "event"}}, "hi"))),
            "000000280000001660470efd0d3a6d6573736167652d747970650700056576656e746869cc2ddf13");
}

}  // namespace
}  // namespace clary::wire
