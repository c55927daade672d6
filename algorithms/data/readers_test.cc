// CSV, libsvm, recordIO-protobuf and numbers: what is read, and what is refused with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "algorithms/container/failure.h"
#include "algorithms/data/csv.h"
#include "algorithms/data/libsvm.h"
#include "algorithms/data/number.h"
#include "algorithms/data/recordio.h"

namespace clary::algorithms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Call>
std::string client_error(Call call) {
  try {
    call();
  } catch (const ClientError& error) {
    return error.what();
  }
  return "no ClientError";
}

TEST(Number, ReadsWhatStrtodReads) {
  for (const char* text : {"0", "-0.5", "123456789012345", "1234567890123456789", "1e10", "1.5E-7",
                           "0.1", "3.", ".25", "+7", "1e400", "-1e400", "1e-400", "0.000001", "nan",
                           "inf", "-Infinity", "9007199254740993"}) {
    const char* at = text;
    double value = 0;
    ASSERT_TRUE(read_number(at, text + std::strlen(text), value)) << text;
    EXPECT_EQ(*at, 0) << text;
    const double expected = std::strtod(text, nullptr);
    EXPECT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected))) << text;
  }
}

TEST(Number, RefusesWhatIsNone) {
  for (const char* text : {"", "-", ".", "abc", "+-1", "e5", "nan(1)"}) {
    const char* at = text;
    double value = 0;
    EXPECT_FALSE(read_number(at, text + std::strlen(text), value)) << text;
    EXPECT_EQ(at, text);
  }
}

TEST(Number, WritesAsPythonDoes) {
  const auto text = [](double value) {
    char buffer[40];
    return std::string(buffer, write_number(buffer, value));
  };
  EXPECT_EQ(text(0.43861907720565796), "0.43861907720565796");
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1e-5), "1e-05");
  EXPECT_EQ(text(0.0001), "0.0001");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(123456789), "123456789.0");
  EXPECT_EQ(text(NAN), "nan");
}

TEST(Csv, LabelWeightAndMissingCells) {
  const Table table =
      read_csv("1,0.5,7,\r\n0,2,,9\n\n", "f", {.label_column = true, .weight_column = true});
  ASSERT_EQ(table.rows, 2U);
  ASSERT_EQ(table.columns, 2U);
  EXPECT_THAT(table.labels, ElementsAre(1, 0));
  EXPECT_THAT(table.weights, ElementsAre(0.5, 2));
  EXPECT_EQ(table.dense[0], 7);
  EXPECT_TRUE(std::isnan(table.dense[1]));
  EXPECT_TRUE(std::isnan(table.dense[2]));
  EXPECT_EQ(table.dense[3], 9);
}

TEST(Csv, DelimitersQuotesAndBom) {
  EXPECT_THAT(read_csv("1;2\n3;4", "f", {}).dense, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read_csv("1\t2", "f", {}).dense, ElementsAre(1, 2));
  EXPECT_THAT(read_csv("\xEF\xBB\xBF\"1\", \"2\"\n", "f", {}).dense, ElementsAre(1, 2));
  EXPECT_THAT(read_csv("1.5", "f", {}).dense, ElementsAre(1.5));
  EXPECT_EQ(read_csv("", "f", {}).rows, 0U);
}

TEST(Csv, FaultsNameFileAndLine) {
  const auto read = [](std::string_view text) {
    return client_error([&] { read_csv(text, "train/a.csv", {.label_column = true}); });
  };
  EXPECT_EQ(read("1,2,3\n\n1,2\n"), "train/a.csv line 3 has 2 columns, the first line has 3");
  EXPECT_EQ(read("1,2\n1,2x\n"), "train/a.csv line 2 column 2 has 'x' after a number");
  EXPECT_THAT(read("label,a\n1,2\n"), HasSubstr("looks like a header"));
  EXPECT_EQ(read("1,2\n0,x\n"), "train/a.csv line 2 column 2 is 'x', not a number");
  EXPECT_EQ(read("1\n"),
            "train/a.csv line 1 has only 1 columns: a label and at least one feature are needed");
}

TEST(Csv, ManyThreadsReadTheSame) {
  std::string text;
  for (int i = 0; i < 400000; ++i) text += std::to_string(i) + ",2.5,3\n";
  const Table one = read_csv(text, "f", {.label_column = true});
  const Table four = read_csv(text, "f", {.label_column = true, .threads = 4});
  EXPECT_EQ(one.labels, four.labels);
  EXPECT_EQ(one.dense, four.dense);
  text += "1,2\n";
  EXPECT_EQ(client_error([&] { read_csv(text, "f", {.label_column = true, .threads = 4}); }),
            "f line 400001 has 2 columns, the first line has 3");
}

TEST(Libsvm, LabelsWeightsQueriesAndComments) {
  const Table table =
      read_libsvm("1:0.5 qid:3 0:2 4:1e3 # note\n\n0:2 qid:4\n", "f", LibsvmLabels::kRequired);
  EXPECT_EQ(table.rows, 2U);
  EXPECT_EQ(table.columns, 5U);
  EXPECT_THAT(table.labels, ElementsAre(1, 0));
  EXPECT_THAT(table.weights, ElementsAre(0.5, 2));
  EXPECT_THAT(table.query_ids, ElementsAre(3, 4));
  EXPECT_THAT(table.column_of, ElementsAre(0, 4));
  EXPECT_THAT(table.row_starts, ElementsAre(0, 2, 2));
}

TEST(Libsvm, InferenceRowsMayLackLabels) {
  const Table table = read_libsvm("0:1 2:5\n7:1", "f", LibsvmLabels::kOptional);
  EXPECT_EQ(table.rows, 2U);
  EXPECT_TRUE(table.labels.empty());
}

TEST(Libsvm, FaultsNameFileAndLine) {
  const auto read = [](std::string_view text) {
    return client_error([&] { read_libsvm(text, "f", LibsvmLabels::kRequired); });
  };
  EXPECT_THAT(read("1 0:1\nx 0:1\n"), HasSubstr("f line 2 'x' is no label"));
  EXPECT_THAT(read("1 0:1 5\n"), HasSubstr("f line 1 '5' is no <index>:<value>"));
  EXPECT_THAT(read("1 -1:5\n"), HasSubstr("f line 1 '-1:5' is no <index>:<value>"));
  EXPECT_THAT(read("1:2 0:1\n1 0:1\n"), HasSubstr("f line 2 has or lacks a weight"));
  EXPECT_THAT(read("1 99999999999:1\n"), HasSubstr("the feature index 99999999999"));
}

// A record as other libraries write it: {features: {"values": {float32 [1, 2]}}, label: {...:
// [3]}}.
std::string record(std::string_view body) {
  std::string bytes("\x0a\x23\xd7\xce", 4);
  bytes.push_back(static_cast<char>(body.size()));
  bytes.append(3, '\0');
  bytes.append(body);
  bytes.append((4 - body.size() % 4) % 4, '\0');
  return bytes;
}

const std::string kDense =
    record(std::string_view("\x0a\x16\x0a\x06values\x12\x0c\x12\x0a\x0a\x08\0\0\x80\x3f\0\0\0\x40"
                            "\x12\x12\x0a\x06values\x12\x08\x12\x06\x0a\x04\0\0\x40\x40",
                            44));

TEST(Recordio, DenseRows) {
  const Table table = read_recordio(kDense + kDense, "f");
  EXPECT_EQ(table.rows, 2U);
  EXPECT_FALSE(table.sparse);
  EXPECT_THAT(table.dense, ElementsAre(1, 2, 1, 2));
  EXPECT_THAT(table.labels, ElementsAre(3, 3));
}

TEST(Recordio, Faults) {
  const auto read = [](const std::string& bytes) {
    return client_error([&] { read_recordio(bytes, "f"); });
  };
  EXPECT_THAT(read("12345678"), HasSubstr("f record 1 does not begin with RecordIO's magic"));
  EXPECT_THAT(read(kDense + kDense.substr(0, 20)), HasSubstr("f record 2 is cut short"));
  EXPECT_THAT(read(record("\x0a\x7f")), HasSubstr("f record 1 is no valid protobuf Record"));
  EXPECT_THAT(read(record("")), HasSubstr("has no Float32, Float64 or Int32 tensor"));
}

TEST(Recordio, WritesWhatItReads) {
  const float values[] = {0.25F, 4};
  const NamedValues labels[] = {{"score", values}};
  std::string bytes;
  write_record(bytes, labels);
  EXPECT_EQ(bytes.size() % 4, 0U);
  EXPECT_THAT(bytes, HasSubstr("score"));
}

}  // namespace
}  // namespace clary::algorithms
