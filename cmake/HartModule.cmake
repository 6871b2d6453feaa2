# One target a module. A module sees the headers of the modules it links and no others: each
# module's headers are reached through an include directory of its own, so an include that points
# upward does not compile.

add_library(hart_options INTERFACE)
target_compile_options(hart_options INTERFACE -Wall -Wextra -Wshadow=local -fno-math-errno)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms at "literal" + std::string (GCC bug 105651).
  target_compile_options(hart_options INTERFACE -Wno-restrict)
  # And in the compiler's own AVX-512 header (GCC bug 105593).
  set(avx512_quiet ";-Wno-maybe-uninitialized")
endif()
if(CMAKE_UNITY_BUILD)
  # Files compiled together are included by another: what is internal to them looks as if a
  # header had it.
  target_compile_options(hart_options INTERFACE -Wno-subobject-linkage)
endif()
if(HART_WERROR)
  target_compile_options(hart_options INTERFACE -Werror)
endif()
if(HART_SANITIZE)
  set(addresses_only "$<BOOL:$<TARGET_PROPERTY:HART_SANITIZE_ADDRESSES_ONLY>>")
  target_compile_options(hart_options INTERFACE
                         -fsanitize=address$<$<NOT:${addresses_only}>:,undefined>
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hart_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(hart_options INTERFACE HART_SANITIZED)
endif()

# hart_module(NAME DEPENDS module... LIBRARIES target...)
function(hart_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/cuda/")
  add_library(hart_${name} STATIC ${sources})

  set(include_dir ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${include_dir})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${name} ${include_dir}/${name} SYMBOLIC)
  target_include_directories(hart_${name} PUBLIC ${include_dir})

  target_link_libraries(hart_${name} PRIVATE hart_options)
  foreach(module IN LISTS ARG_DEPENDS)
    target_link_libraries(hart_${name} PUBLIC hart_${module})
  endforeach()
  target_link_libraries(hart_${name} PUBLIC ${ARG_LIBRARIES})

  # A kernel for one instruction set is one file named after it, everything in it internal. No
  # contraction of a × b + c: the kernels of all instruction sets give the same bits.
  foreach(source IN LISTS sources)
    if(source MATCHES "_avx2\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
                                  "-mavx2;-mfma;-mf16c;-ffp-contract=off")
    elseif(source MATCHES "_avx512\\.cc$")
      set_source_files_properties(
        ${source} PROPERTIES COMPILE_OPTIONS
        "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512vnni;-mavx512bf16;-mfma;-mf16c;-ffp-contract=off${avx512_quiet}")
    elseif(source MATCHES "_sse42\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-msse4.2")
    endif()
  endforeach()
endfunction()
