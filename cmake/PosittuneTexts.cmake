# The manual page and completions for shells, which the program writes whenever it is built; included where that is. What has
# sanitizers is not installed.
if(NOT POSITTUNE_SANITIZE)
  set(texts ${PROJECT_BINARY_DIR}/generated/texts)
  file(MAKE_DIRECTORY ${texts})
  add_custom_command(TARGET posittune POST_BUILD
    COMMAND posittune man > ${texts}/posittune.1
    COMMAND posittune completion bash > ${texts}/posittune
    COMMAND posittune completion zsh > ${texts}/_posittune
    COMMAND posittune completion fish > ${texts}/posittune.fish
    VERBATIM)
endif()

# posittune_install_texts(SHARE further arguments of install): below SHARE, where man and the shells look.
function(posittune_install_texts share)
  set(texts ${PROJECT_BINARY_DIR}/generated/texts)
  install(FILES ${texts}/posittune.1 DESTINATION ${share}/man/man1 ${ARGN})
  install(FILES ${texts}/posittune DESTINATION ${share}/bash-completion/completions ${ARGN})
  install(FILES ${texts}/_posittune DESTINATION ${share}/zsh/site-functions ${ARGN})
  install(FILES ${texts}/posittune.fish DESTINATION ${share}/fish/vendor_completions.d ${ARGN})
endfunction()
