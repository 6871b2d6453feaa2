# cmake --install: what a user needs, where Unix expects it.

if(HART_TOOLS)
  install(TARGETS ${HART_TOOLS} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

foreach(section RANGE 1 8)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# bash-completion looks for a file that is named as the command.
file(GLOB completions CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/share/completions/*.bash)
foreach(completion IN LISTS completions)
  get_filename_component(tool ${completion} NAME_WE)
  install(FILES ${completion} RENAME ${tool}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endforeach()

# The shipped models, sample corpus and rate plan; how the models were trained goes along.
install(DIRECTORY share/models share/corpus share/plans
        DESTINATION ${CMAKE_INSTALL_DATADIR}/hartonomous
        PATTERN __pycache__ EXCLUDE)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
