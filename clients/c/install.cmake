# What of libmuster is installed: shared and static library, header, pkg-config and CMake files.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(MUSTER_MSGPACK_MODULE ${MSGPACK_MODULE_NAME})
configure_file(clients/c/libmuster.pc.in libmuster.pc @ONLY)
configure_file(clients/c/MusterConfig.cmake.in MusterConfig.cmake COPYONLY)
write_basic_package_version_file(MusterConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS libmuster_shared EXPORT MusterTargets
        LIBRARY COMPONENT library NAMELINK_COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS libmuster COMPONENT development)
install(FILES clients/c/muster.h TYPE INCLUDE COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/libmuster.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/MusterConfig.cmake ${CMAKE_BINARY_DIR}/MusterConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Muster COMPONENT development)
install(EXPORT MusterTargets NAMESPACE Muster:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Muster
        COMPONENT development)
