#include "posittune/data/kinds.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace posittune::data {
namespace {

TEST(Kinds, EachIsToldFromTheOthers) {
  std::set<std::string> ways;
  for (const KindEntry& of : kinds()) {
    EXPECT_EQ(name(of.kind), of.name);
    EXPECT_EQ(data_kind(of.name), of.kind);
    EXPECT_NE(of.open, nullptr);
    EXPECT_FALSE(of.extension.empty() && of.folder == Folder::kNone) << of.name;
    if (!of.extension.empty()) {
      EXPECT_TRUE(ways.insert(std::string(of.extension)).second) << of.name;
    }
    if (of.folder != Folder::kNone) {
      EXPECT_TRUE(ways.insert(std::to_string(static_cast<int>(of.folder))).second) << of.name;
    }
    DataSpec named;
    named.kind = of.kind;
    EXPECT_EQ(kind_of(named).value(), &of);
  }
  EXPECT_EQ(name(DataKind::kAuto), "auto");
  EXPECT_EQ(data_kind("auto"), DataKind::kAuto);
  EXPECT_FALSE(data_kind("").has_value());
}

TEST(Kinds, WhatCannotBeToldNamesAll) {
  DataSpec spec;
  spec.path = "nowhere.npz";
  EXPECT_EQ(kind_of(spec).error().kind, ErrorKind::kInput);
  spec.path = "/dev/null";
  const auto unknown = kind_of(spec);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  for (const KindEntry& of : kinds())
    EXPECT_NE(unknown.error().hint.find(of.name), std::string::npos) << of.name;
}

}  // namespace
}  // namespace posittune::data
