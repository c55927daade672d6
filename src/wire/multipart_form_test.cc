#include "wire/multipart_form.h"

#include <gtest/gtest.h>

namespace clary::wire {
namespace {

using State = MultipartForm::State;

std::string field(std::string_view name, std::string_view value) {
  return "--B\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
         std::string(value) + "\r\n";
}

std::string file(std::string_view bytes, std::string_view name = "a.txt") {
  return "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + std::string(name) +
         "\"\r\nContent-Type: text/plain\r\n\r\n" + std::string(bytes) + "\r\n--B--\r\n";
}

// The file of a form pushed in pieces of `step` bytes.
std::string read_file(MultipartForm& form, std::string_view body, std::size_t step) {
  std::string bytes;
  for (std::size_t at = 0; at < body.size(); at += step) {
    form.push(body.substr(at, step));
    bytes += form.file();
    form.consume(form.file().size());
  }
  form.finish();
  return bytes;
}

TEST(MultipartFormTest, BoundariesOfContentTypes) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data; charset=utf-8; boundary=\"a b\""), "a b");
  EXPECT_EQ(form_boundary("multipart/form-data"), std::nullopt);
  EXPECT_EQ(form_boundary("multipart/mixed; boundary=abc"), std::nullopt);
  EXPECT_EQ(form_boundary("multipart/form-data; boundary="), std::nullopt);
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=" + std::string(71, 'a')), std::nullopt);
}

TEST(MultipartFormTest, FieldsThenAFileHoweverTheBytesAreCut) {
  const std::string content = "one\r\n--not\r\n--\r\n-B\r\n--A two";
  const std::string body = field("key", "a/b") + field("Content-Type", "") + file(content);
  for (std::size_t step = 1; step <= body.size(); ++step) {
    MultipartForm form("B");
    EXPECT_EQ(read_file(form, body, step), content) << step;
    EXPECT_EQ(form.state(), State::kEnd) << step;
    ASSERT_EQ(form.fields().size(), 2U);
    EXPECT_EQ(form.fields()[0].name, "key");
    EXPECT_EQ(form.fields()[0].value, "a/b");
    EXPECT_EQ(form.fields()[1].value, "");
    EXPECT_EQ(form.file_name(), "a.txt");
  }
}

TEST(MultipartFormTest, FileNamesLoseTheirFolders) {
  for (const auto& [sent, kept] : {std::pair{"C:\\data\\x.csv", "x.csv"},
                                   {"/tmp/y", "y"},
                                   {"say \\\"hi\\\".txt", "say \"hi\".txt"},
                                   {"", ""}}) {
    MultipartForm form("B");
    form.push(file("z", sent));
    EXPECT_EQ(form.file_name(), kept);
  }
}

TEST(MultipartFormTest, WhatFollowsTheFileIsNotLookedAt) {
  MultipartForm form("B");
  std::string body = file("z");
  body.resize(body.size() - 4);  // without the last dashes
  EXPECT_EQ(read_file(form, body + "\r\n" + field("key", "late"), 7), "z");
  EXPECT_EQ(form.state(), State::kEnd);
  EXPECT_TRUE(form.fields().empty());
}

TEST(MultipartFormTest, NoFile) {
  MultipartForm form("B");
  EXPECT_EQ(form.push(field("key", "a") + "--B--\r\n"), State::kEnd);
  EXPECT_FALSE(form.has_file());
}

TEST(MultipartFormTest, Damage) {
  for (const std::string& body : std::vector<std::string>{
           std::string("hello"), std::string("--C\r\n"), field("key", "a"),
           "--B\r\n\r\nvalue\r\n--B--",
           "--B\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--B--", file("z").substr(0, 90),
           field("key", "a") + "--Bx\r\n", std::string()}) {
    MultipartForm form("B");
    form.push(body);
    EXPECT_EQ(form.finish(), State::kMalformed) << body;
  }
}

TEST(MultipartFormTest, BoundsHoldBeforeTheFile) {
  MultipartForm large("B");
  EXPECT_EQ(large.push(field("key", std::string(20'001, 'a')) + file("z")), State::kTooLarge);
  MultipartForm unended("B");
  EXPECT_EQ(unended.push("--B\r\nX-Long: " + std::string(70'000, 'a')), State::kTooLarge);
  MultipartForm many("B");
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += field("x-ignore-me", "a");
  EXPECT_EQ(many.push(fields + file("z")), State::kTooLarge);
  MultipartForm right("B");
  EXPECT_EQ(right.push(field("key", std::string(19'000, 'a')) + file(std::string(200'000, 'z'))),
            State::kFile);
  EXPECT_EQ(right.file().size(), 200'000U);
}

}  // namespace
}  // namespace clary::wire
