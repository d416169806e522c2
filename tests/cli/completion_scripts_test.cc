#include "posittune/cli/completion_scripts.h"

#include <gtest/gtest.h>

namespace posittune::cli {
namespace {

// What the shells make of them is tested by completion_test.py.
CommandText program() {
  CommandText search{.name = "search", .summary = "the best: of all"};
  search.options = {
      {.flags = {"-o", "--run"},
       .value = {.name = "FOLDER", .files = Files::kFolders},
       .help = "where it's kept"},
      {.flags = {"--what"}, .value = {.name = "TEXT", .words = {"w", "wa"}, .list = true}},
      {.flags = {"--json"}, .help = "as JSON [one]"}};
  search.arguments = {{.value = {.name = "MODEL", .words = {"zoo:a"}, .files = Files::kAny}}};
  CommandText all{.name = "posittune"};
  all.options = {{.flags = {"--version"}}};
  all.commands = {search};
  return all;
}

void expect_lines(const std::string& text, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    EXPECT_NE(text.find(line + "\n"), std::string::npos) << line << "\nin\n" << text;
}

TEST(CompletionScripts, Bash) {
  expect_lines(bash_completion(program()),
               {"      flags='-o --run --what --json'", "        -o | --run) files=folders ;;",
                "        --what) words='w wa' list=yes ;;",
                "        *) option='' words='zoo:a' files=any ;;",
                "        *) option='' words='search' ;;", "complete -F _posittune posittune"});
}

TEST(CompletionScripts, Zsh) {
  expect_lines(zsh_completion(program()),
               {"    'search:the best: of all'",
                "          '(-o --run)-o[where it'\\''s kept]:FOLDER:_files -/' \\",
                "          '(--what)--what[]:TEXT:_sequence -s , compadd - w wa' \\",
                "          '(--json)--json[as JSON \\[one\\]]' \\",
                "          ':MODEL:_posittune_words_or_files - zoo\\:a' ;;"});
}

TEST(CompletionScripts, Fish) {
  const std::string begin = "complete -c posittune -n '__fish_seen_subcommand_from search' ";
  expect_lines(fish_completion(program()),
               {"complete -c posittune -n __fish_use_subcommand -a search -d 'the best: of all'",
                begin + "-s o -l run -x -a '(__fish_complete_directories)' -d 'where it\\'s kept'",
                begin + "-l what -x -a '(__fish_append , w wa)' -d ''",
                begin + "-l json -d 'as JSON [one]'", begin + "-F -a 'zoo:a' -d ''"});
}

}  // namespace
}  // namespace posittune::cli
