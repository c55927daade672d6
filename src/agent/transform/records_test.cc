#include <gtest/gtest.h>

#include <cstring>

#include "agent/transform/data_processing.h"
#include "base/crc.h"
#include "base/text.h"

namespace clary::agent {
namespace {

using Records = std::vector<std::string>;
using Split = TransformSpec::Split;

// The records of `text`, given in pieces of `step` bytes.
Records split(Split how, std::string_view text, std::size_t step, std::size_t largest = 1000) {
  Records records;
  RecordSplitter splitter(how, largest,
                          [&](std::string record) { records.push_back(std::move(record)); });
  for (std::size_t at = 0; at < text.size(); at += step) splitter.write(text.substr(at, step));
  splitter.finish();
  return records;
}

std::string number(std::uint64_t value, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::memcpy(text.data(), &value, bytes);
  return text;
}

std::string record_io(std::string data, std::uint32_t part = 0) {
  std::string frame = number(0xced7230a, 4) + number((part << 29) | data.size(), 4) + data;
  frame.resize((frame.size() + 3) / 4 * 4);
  return frame;
}

std::string tf_record(const std::string& data) {
  const std::string length = number(data.size(), 8);
  auto masked = [](std::string_view bytes) {
    const auto crc = static_cast<std::uint32_t>(crc_update(CrcKind::kCrc32c, 0, as_bytes(bytes)));
    return number(((crc >> 15) | (crc << 17)) + 0xa282ead8U, 4);
  };
  return length + masked(length) + data + masked(data);
}

TEST(Records, AreTheSameHoweverTheBytesCome) {
  const std::string frames = record_io("abc") + record_io("12345678", 1) + record_io("9", 3);
  const std::string tf = tf_record("one") + tf_record("");
  for (std::size_t step : {1U, 2U, 5U, 1000U}) {
    EXPECT_EQ(split(Split::kLine, "a,b\r\n\n c\nd", step), (Records{"a,b", " c", "d"}));
    EXPECT_EQ(split(Split::kNone, "a\nb\n", step), Records{"a\nb\n"});
    EXPECT_EQ(split(Split::kRecordIo, frames, step),
              (Records{record_io("abc"), record_io("12345678", 1) + record_io("9", 3)}));
    EXPECT_EQ(split(Split::kTfRecord, tf, step), (Records{tf_record("one"), tf_record("")}));
  }
  EXPECT_TRUE(split(Split::kNone, "", 1).empty());
}

TEST(Records, ThatAreTooLargeOrDamagedAreRefused) {
  EXPECT_THROW(split(Split::kLine, "12345\n", 3, 4), BadRecord);
  EXPECT_THROW(split(Split::kNone, "12345", 3, 4), BadRecord);
  EXPECT_THROW(split(Split::kRecordIo, record_io("12345"), 3, 4), BadRecord);
  EXPECT_THROW(split(Split::kTfRecord, tf_record("12345"), 3, 4), BadRecord);
  EXPECT_THROW(split(Split::kRecordIo, "12345678", 3), BadRecord);
  EXPECT_THROW(split(Split::kRecordIo, record_io("a", 2), 3), BadRecord);
  EXPECT_THROW(split(Split::kRecordIo, record_io("a", 1) + record_io("a", 0), 3), BadRecord);
  EXPECT_THROW(split(Split::kRecordIo, record_io("abc").substr(0, 9), 3), BadRecord);
  EXPECT_THROW(split(Split::kTfRecord, "0123456789ab", 3), BadRecord);
  EXPECT_THROW(split(Split::kTfRecord, tf_record("one").substr(0, 14), 3), BadRecord);
}

TransformSpec processing(std::string type, std::string input, std::string output, bool join) {
  TransformSpec spec;
  spec.content_type = spec.accept = std::move(type);
  spec.input_filter = std::move(input);
  spec.output_filter = std::move(output);
  spec.join_input = join;
  return spec;
}

TEST(DataProcessing, FiltersAndJoinsRows) {
  const DataProcessing all(processing("text/csv; charset=utf-8", "$[1:]", "$[0,-1]", true));
  EXPECT_EQ(all.input_of("\"x,y\",1,2"), "1,2");
  EXPECT_EQ(all.outputs({"\"x,y\",1,2", "b,3,4"}, "0.5\n0.25\n", ""), "\"x,y\",0.5\nb,0.25\n");
  const DataProcessing join(processing("text/csv", "$", "$", true));
  EXPECT_EQ(join.outputs({"1,2"}, "0.5,7", ""), "1,2,0.5,7\n");
  EXPECT_THROW(join.outputs({"1", "2"}, "0.5", ""), BadRecord);
  EXPECT_THROW(all.input_of("\"open"), BadRecord);
  const DataProcessing far(processing("text/csv", "$[9]", "$", false));
  EXPECT_THROW(far.input_of("1,2"), BadRecord);
  EXPECT_FALSE(far.shapes_output());
}

TEST(DataProcessing, FiltersAndJoinsJson) {
  const DataProcessing lines(
      processing("application/jsonlines", "$.features", "$['id','SageMakerOutput']", true));
  EXPECT_EQ(lines.input_of(R"({"id":1,"features":[0.10]})"), "[0.10]");
  EXPECT_EQ(
      lines.outputs({R"({"id":1,"features":[0.10]})", R"({"id":2})"}, "{\"label\":1.50}\n7\n", ""),
      "{\"id\":1,\"SageMakerOutput\":{\"label\":1.50}}\n{\"id\":2,\"SageMakerOutput\":7}\n");
  const DataProcessing whole(processing("application/json", "$", "$", true));
  EXPECT_EQ(whole.outputs({"{\"key\":1, \"SageMakerOutput\":0}\n"}, " {\"label\":\n1} ", ""),
            "{\"key\":1,\"SageMakerOutput\":{\"label\":\n1}}\n");
  EXPECT_EQ(whole.outputs({"[1,2]"}, "3", ""),
            "{\"SageMakerInput\":[1,2],\"SageMakerOutput\":3}\n");
  EXPECT_THROW(whole.outputs({"[1,2"}, "3", ""), BadRecord);
  EXPECT_THROW(whole.outputs({"[1,2]"}, "<html>", ""), BadRecord);
}

TEST(DataProcessing, WantsTheFormatOfTheInput) {
  TransformSpec spec = processing("text/csv", "$", "$", true);
  spec.accept.clear();
  const DataProcessing join(spec);
  EXPECT_EQ(join.outputs({"1"}, "2", "text/csv; charset=utf-8"), "1,2\n");
  EXPECT_THROW(join.outputs({"1"}, "2", "application/json"), BadRecord);
  EXPECT_THROW(join.outputs({"1"}, "2", ""), BadRecord);
}

}  // namespace
}  // namespace clary::agent
