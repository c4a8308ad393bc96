# Man pages, made of what the programs say of themselves; they are installed with them.
set(MAN_PARTS docs/make-man docs/man/help.awk docs/man/header.awk)
list(TRANSFORM MAN_PARTS PREPEND ${CMAKE_SOURCE_DIR}/)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man)
set(MAN_PAGES)
foreach(page muster.1 muster-fleet.1 muster-replay.1 musterd.8 libmuster.3)
  get_filename_component(name ${page} NAME_WE)
  get_filename_component(section ${page} LAST_EXT)
  string(REPLACE . man directory ${section})
  if(name STREQUAL libmuster)
    set(about ${CMAKE_SOURCE_DIR}/clients/c/muster.h)
    set(component development)
  else()
    set(about ${name})
    set(component programs)
  endif()
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/man/${page}
                     COMMAND ${CMAKE_SOURCE_DIR}/docs/make-man ${name} ${CMAKE_BINARY_DIR} man/${page}
                     DEPENDS ${about} ${MAN_PARTS} ${CMAKE_SOURCE_DIR}/docs/man/${name}.mdoc
                     VERBATIM)
  list(APPEND MAN_PAGES ${CMAKE_BINARY_DIR}/man/${page})
  install(FILES ${CMAKE_BINARY_DIR}/man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/${directory}
          COMPONENT ${component})
endforeach()
add_custom_target(man ALL DEPENDS ${MAN_PAGES})
