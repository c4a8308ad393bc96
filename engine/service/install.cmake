# What is installed beside libmuster: programs, units, the configuration; and Debian packages of it all, by `cpack`.
include(GNUInstallDirs)
# Only what is installed has to be built: tests and benchmarks are not.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

# Where systemd looks, whatever the prefix: units of an own prefix are linked with `systemctl link`.
set(SYSTEMD_UNITS lib/systemd/system)
configure_file(engine/service/muster.service.in muster.service @ONLY)

# The configuration file and its manual page, of the table of settings.
add_custom_command(OUTPUT musterd.conf musterd.conf.5
                   COMMAND ${CMAKE_SOURCE_DIR}/docs/make-settings $<TARGET_FILE:musterd> ${CMAKE_BINARY_DIR}
                   DEPENDS musterd docs/make-settings VERBATIM)

# What bash and zsh ask when somebody presses Tab.
add_custom_command(OUTPUT completion.bash completion.zsh
                   COMMAND muster completion bash > completion.bash
                   COMMAND muster completion zsh > completion.zsh
                   DEPENDS muster VERBATIM)
add_custom_target(service ALL DEPENDS musterd.conf musterd.conf.5 completion.bash completion.zsh)

install(TARGETS musterd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT programs)
install(TARGETS muster muster-replay muster-fleet RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
install(FILES ${CMAKE_BINARY_DIR}/musterd.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/muster COMPONENT programs)
install(FILES ${CMAKE_BINARY_DIR}/musterd.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT programs)
install(FILES ${CMAKE_BINARY_DIR}/muster.service engine/service/muster.socket engine/service/muster-readers.socket
        DESTINATION ${SYSTEMD_UNITS} COMPONENT programs)
install(FILES engine/service/muster.sysusers RENAME muster.conf DESTINATION lib/sysusers.d COMPONENT programs)
install(FILES ${CMAKE_BINARY_DIR}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME muster COMPONENT programs)
install(FILES ${CMAKE_BINARY_DIR}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        RENAME _muster COMPONENT programs)
install(FILES docs/grafana-dashboard.json DESTINATION ${CMAKE_INSTALL_DATADIR}/muster COMPONENT programs)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs FILES_MATCHING PATTERN "*.md"
        PATTERN decisions EXCLUDE PATTERN man EXCLUDE)

# ---- Debian packages: muster, libmuster1 and libmuster-dev.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL programs library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_PACKAGE_CONTACT "Muster <muster@example.org>")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME muster)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION "runs jobs on every device of a fleet
A self-hosted engine that runs one job on every device of a fleet, in batches,
with a cancellation threshold, once or on a schedule, and never forgets what
happened: every action is an event in an append-only log that can be proved.")
set(PACKAGE_FILES ${CMAKE_SOURCE_DIR}/engine/service/package)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_CONTROL_EXTRA
    "${PACKAGE_FILES}/postinst;${PACKAGE_FILES}/prerm;${PACKAGE_FILES}/postrm;${PACKAGE_FILES}/conffiles")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libmuster1)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${PACKAGE_FILES}/triggers")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "client library of the Muster engine
Blocking calls, and a way that fits any event loop, to run jobs on devices
and to carry them there.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libmuster-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS library)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libmsgpack-dev)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "client library of the Muster engine, to build with
The header, the static library, and files for pkg-config and CMake.")

# Debian wants a licence and a list of changes in each package, and manual pages compressed.
foreach(pair programs:muster library:libmuster1 development:libmuster-dev)
  string(REPLACE : ";" pair ${pair})
  list(GET pair 0 component)
  list(GET pair 1 name)
  install(FILES engine/service/package/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name}
          COMPONENT ${component})
endforeach()
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/engine/service/package/prepare.cmake)
include(CPack)
