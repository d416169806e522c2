// Names of formats: every spelling, every format, and what happens to everything else.

#include "posittune/formats/format.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "checker.h"

namespace posittune::formats {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string spaced(const std::string& text) {
  std::string out = " ";
  for (const char c : text) out += std::string(1, c) + (c == '<' || c == ',' ? " \t" : " ");
  return out;
}

void expect_parses(const std::string& text, const Format& want) {
  for (const std::string& spelling : {text, upper(text), spaced(text)}) {
    const auto got = parse_format(spelling);
    ASSERT_TRUE(got.ok()) << "'" << spelling << "': " << got.error().message();
    ASSERT_TRUE(*got == want) << "'" << spelling << "' is " << name(*got) << ", not " << name(want);
  }
}

std::vector<Format> every_format() {
  std::vector<Format> all = posits(2, 32);
  for (const auto& more : {floats(3, 32), integers(), blocks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

TEST(Format, NameParsesBackForEveryFormatAndIsUnique) {
  std::set<std::string> names;
  const auto all = every_format();
  for (const Format& format : all) {
    ASSERT_NO_FATAL_FAILURE(expect_parses(name(format), format));
    names.insert(name(format));
  }
  EXPECT_EQ(names.size(), all.size());
  // Posits 31 * 5 * 2, ints 15, MX 6; floats: N-1 splits for N 3..8, then 6, 17 times 7, 6, .. 1.
  EXPECT_EQ(all.size(), 310U + 15 + 6 + (27 + 6 + 7 * 17 + 6 + 5 + 4 + 3 + 2 + 1));
}

TEST(Format, PositSpellings) {
  for (const Format& format : posits(2, 32)) {
    const std::string n = std::to_string(format.bits), es = std::to_string(format.exp_bits);
    const std::string suffix = format.variant == kPositFlush ? "ftz" : "";
    for (const std::string& text :
         {"posit<" + n + "," + es + ">", "posit(" + n + "," + es + ")", "posit" + n + "e" + es,
          "p" + n + "e" + es, "posit" + n + "_" + es}) {
      ASSERT_NO_FATAL_FAILURE(expect_parses(text + suffix, format));
    }
  }
}

TEST(Format, FloatSpellings) {
  for (const Format& format : floats(3, 32)) {
    const int man_bits = format.bits - 1 - format.exp_bits;
    std::string fields = "e";  // g++ 12 takes "e" + std::to_string(...) for an overlap (105651)
    fields += std::to_string(format.exp_bits) + "m" + std::to_string(man_bits);
    ASSERT_NO_FATAL_FAILURE(expect_parses(fields, format));
    for (const std::string prefix : {"fp", "float", "f"}) {
      const std::string text = prefix + std::to_string(format.bits);
      ASSERT_NO_FATAL_FAILURE(expect_parses(text + "_" + fields, format));
    }
  }
}

TEST(Format, NamedSpellings) {
  const std::pair<const char*, Format> named[] = {{"fp32", fp32()},
                                                  {"float32", fp32()},
                                                  {"fp16", fp16()},
                                                  {"float16", fp16()},
                                                  {"half", fp16()},
                                                  {"bf16", bf16()},
                                                  {"bfloat16", bf16()},
                                                  {"tf32", minifloat(8, 10)},
                                                  {"fp8", minifloat(4, 3)},
                                                  {"fp8_e4m3fn", minifloat(4, 3)},
                                                  {"fp4", minifloat(2, 1)},
                                                  {"fp8_e4m3", minifloat(4, 3)},
                                                  {"int8", integer(8)},
                                                  {"i4", integer(4)},
                                                  {"mxfp8", blocks()[0]},
                                                  {"mxfp8_e4m3", blocks()[0]},
                                                  {"mxfp6", blocks()[2]},
                                                  {"mxfp8_e5m2", blocks()[1]},
                                                  {"mxfp6_e2m3", blocks()[2]},
                                                  {"mxfp6_e3m2", blocks()[3]},
                                                  {"mxfp4", blocks()[4]},
                                                  {"mxfp4_e2m1", blocks()[4]},
                                                  {"mxint8", blocks()[5]}};
  for (const auto& [text, format] : named) {
    ASSERT_NO_FATAL_FAILURE(expect_parses(text, format));
  }
}

TEST(Format, CanonicalNames) {
  EXPECT_EQ(name(posit(8, 1)), "posit<8,1>");
  EXPECT_EQ(name(parse_format("p8e1ftz").value()), "posit<8,1>ftz");
  EXPECT_EQ(name(integer(8)), "int8");
  EXPECT_EQ(name(minifloat(8, 23)), "fp32");
  EXPECT_EQ(name(minifloat(5, 10)), "fp16");
  EXPECT_EQ(name(minifloat(8, 7)), "bf16");
  EXPECT_EQ(name(minifloat(4, 3)), "fp8_e4m3");
  EXPECT_EQ(name(minifloat(8, 10)), "fp19_e8m10");
  EXPECT_EQ(name(mx(minifloat(2, 1))), "mxfp4");
  EXPECT_EQ(name(mx(minifloat(5, 2))), "mxfp8_e5m2");
}

// Close to a name, about to wrap an 8- or 32-bit number, or no text at all.
constexpr const char* kGarbage =
    "x posit posit< posit<> posit<,> posit<8> posit<8,> posit<8,1 posit<8,1) posit(8,1> posit8,1> "
    "posit8,1 posit81 posit<1,0> posit<0,0> posit<33,1> posit<8,5> posit<-8,1> posit<+8,1> "
    "posit<8.0,1> posit<8,1>x posit<8,1>> posit<8,1>ftzftz posit<0x8,1> posit<264,1> posit<8,256> "
    "posit<4294967304,1> posit<99999999999999999999999,1> p8 p8e pe1 p8e1e1 int int0 int1 int17 "
    "int-8 int8x int264 uint8 fp fp0 fp5 fp7 fp64 fp8_ fp8_e4 fp8_e4m fp8_e4m4 fp9_e4m3 fp8_e0m7 "
    "fp8_e8m-1 fp2_e1m0 fp33_e9m23 fp33_e8m24 fp9_e8m0 fp9_e1m7 fp8_e4m3fnuz fp8_e5m2fn e4 m3 "
    "e4m3e4m3 e260m3 mx mxfp mxfp5 mxfp8_e3m4 mxposit<8,1> mxint4 mxmxfp8 %s%n ../../int8 "
    "\xff\xfe\x80 \xef\xbc\x90 posit<\xd9\xa8,1>";

std::vector<std::string> garbage() {
  std::istringstream words(kGarbage);
  std::vector<std::string> all{"", " ", "\n", "posit<8 1>"};
  for (std::string word; words >> word;) all.push_back(word);
  for (const char* text : {"", "int8", "posit<8,1>"}) all.push_back(text + std::string(1, '\0'));
  return all;
}

// What an error repeats of a text: control bytes must not reach a terminal.
std::string echo(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

TEST(Format, GarbageIsAUsageErrorThatHelps) {
  for (const std::string& text : garbage()) {
    const auto got = parse_format(text);
    ASSERT_FALSE(got.ok()) << "'" << text << "' is " << name(*got);
    const Error& error = got.error();
    EXPECT_EQ(error.kind, ErrorKind::kUsage) << text;
    EXPECT_NE(error.what.find("'" + echo(text) + "'"), std::string::npos) << error.what;
    EXPECT_FALSE(error.expected.empty()) << text;
    EXPECT_NE(error.hint.find("posittune formats"), std::string::npos) << error.hint;
  }
}

TEST(Format, ErrorNamesTheNearest) {
  const auto got = parse_format("posit<8,9>");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().what, "unknown format 'posit<8,9>'");
  EXPECT_NE(got.error().hint.find("posit<8,1>"), std::string::npos) << got.error().hint;
}

TEST(Format, EndlessTextGivesAShortError) {
  for (const char c : {'p', '9', '<', ' ', '\0'}) {
    const auto got = parse_format(std::string(std::size_t{1} << 20, c));
    ASSERT_FALSE(got.ok());
    EXPECT_LT(got.error().message().size(), 1000U);
  }
}

TEST(Format, NearestNames) {
  const std::pair<const char*, const char*> pairs[] = {{"imt8", "int8"},
                                                       {"INT 08", "int8"},
                                                       {"bp16", "bf16"},
                                                       {"fp8_e4m4", "fp8_e4m3"},
                                                       {"posit<8,1", "posit<8,1>"},
                                                       {"positt<16,1>", "posit<16,1>"},
                                                       {"mxpf4", "mxfp4"},
                                                       {"fp23", "fp32"},
                                                       {"posit<32,2>", "posit<32,2>"}};
  for (const auto& [text, want] : pairs) {
    const auto names = nearest_names(text);
    EXPECT_EQ(names.size(), 3U);
    EXPECT_NE(std::find(names.begin(), names.end(), want), names.end())
        << text << ": " << names[0] << " " << names[1] << " " << names[2];
  }
  EXPECT_TRUE(nearest_names("int8", 0).empty());
  EXPECT_EQ(nearest_names("int8", 1).front(), "int8");
  EXPECT_EQ(nearest_names("", 1000).size(), known_formats().size());
}

TEST(Format, KnownFormatsAreNamedAndDistinct) {
  std::set<std::string> names;
  for (const Format& format : known_formats()) {
    EXPECT_TRUE(names.insert(name(format)).second) << name(format);
    ASSERT_NO_FATAL_FAILURE(expect_parses(name(format), format));
  }
  for (const char* wanted :
       {"fp32",       "fp16",        "bf16",       "int16",      "int8",       "int4",
        "fp8_e4m3",   "fp8_e5m2",    "fp6_e2m3",   "fp6_e3m2",   "fp4_e2m1",   "mxfp8",
        "mxfp6",      "mxfp4",       "mxint8",     "posit<8,0>", "posit<8,1>", "posit<8,2>",
        "posit<6,1>", "posit<16,1>", "posit<32,2>"}) {
    EXPECT_TRUE(names.contains(wanted)) << wanted;
  }
}

TEST(Format, OrderAndEqualityAreOfTheValue) {
  EXPECT_EQ(posit(8, 1), posit(8, 1));
  EXPECT_NE(posit(8, 1), posit(8, 2));
  EXPECT_NE(posit(8, 4), minifloat(4, 3));
  EXPECT_NE(mx(minifloat(4, 3)), minifloat(4, 3));
}

// Whatever the text: a format whose name means the same, or a usage error.
bool parse_is_total(const std::string& text) {
  const auto got = parse_format(text);
  if (!got.ok()) return got.error().kind == ErrorKind::kUsage && !got.error().message().empty();
  const auto again = parse_format(name(*got));
  return again.ok() && *again == *got;
}

RC_GTEST_PROP(Format, AnyBytesParseOrAreAUsageError, (const std::string& text)) {
  RC_ASSERT(parse_is_total(text));
}

// Texts made of the parser's own words reach further into it than random bytes.
TEST(Format, RandomWordsParseOrAreAUsageError) {
  constexpr const char* kWords[] = {"posit", "p",   "int", "i",  "fp",   "float", "bf", "mx",
                                    "e",     "m",   "<",   ">",  ",",    "(",     ")",  "_",
                                    "es",    "ftz", "fn",  " ",  "frac", "0",     "1",  "2",
                                    "3",     "4",   "8",   "16", "32",   "99",    "-1", "block"};
  std::mt19937 random(8);
  int parsed = 0, visited = 0;
  for (; visited < 20000; ++visited) {
    std::string text;
    for (auto words = random() % 8; words > 0; --words)
      text += kWords[random() % std::size(kWords)];
    ASSERT_TRUE(parse_is_total(text)) << "'" << text << "'";
    parsed += parse_format(text).ok() ? 1 : 0;
  }
  EXPECT_EQ(visited, 20000);
  EXPECT_GT(parsed, 20);
}

}  // namespace
}  // namespace posittune::formats
