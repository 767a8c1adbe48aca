// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target shares.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
  // The rooms' small generic functions are specialised where they are used: a tenth of a null build's time.
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

func room(_ name: String, _ dependencies: [String], path: String? = nil) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [String]) -> Target {
  .testTarget(name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: strict)
}

/// Every room that reads what others wrote.
let fuzzed: [Target.Dependency] = [
  "ImageModel", "HostSystem", "FileTraces", "YAMLText", "JSONText", "DockerfileText", "DependencyGraph",
  "DefinitionScan", "BuildRecords", "SquashFS", "ContentStore", "SIFFormat", "ReleasePlanning", "ImageTools", "coppice",
  "TestSupport",
]

// The floors are those of docs/design.md; scripts/check-floors proves that they hold.
let package = Package(
  name: "coppice",
  targets: [
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .target(
      name: "CCurl", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])], linkerSettings: [.linkedLibrary("dl")]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "CIsal", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("isal")]),
    .target(name: "CSys", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    room("ImageModel", ["CCrypto"]),
    room("HostSystem", ["ImageModel", "CSys"]),
    room("YAMLText", ["ImageModel", "CYAML"]),
    room("JSONText", ["ImageModel", "CJansson"]),
    room("DockerfileText", ["ImageModel"]),
    room("DependencyGraph", ["ImageModel"]),
    room("FileTraces", ["ImageModel", "HostSystem"]),
    room("GitTrees", ["ImageModel", "HostSystem"]),
    room("SquashFS", ["ImageModel", "HostSystem", "CDeflate", "CZstd"]),
    room("DefinitionScan", ["ImageModel", "HostSystem", "FileTraces", "YAMLText", "DockerfileText"]),
    room("BuildRecords", ["ImageModel", "HostSystem", "FileTraces", "YAMLText", "JSONText", "DockerfileText"]),
    room("ContentStore", ["ImageModel", "HostSystem", "JSONText", "CDeflate", "CIsal", "CZstd"]),
    room(
      "DefinitionLint",
      [
        "ImageModel", "HostSystem", "YAMLText", "DockerfileText", "DependencyGraph", "DefinitionScan", "BuildRecords",
      ]),
    room("SIFFormat", ["ImageModel", "HostSystem", "JSONText"]),
    room(
      "SIFConversion", ["ImageModel", "HostSystem", "SquashFS", "ContentStore", "SIFFormat"]),
    room("BuildEngine", ["ImageModel", "HostSystem", "FileTraces", "DependencyGraph", "BuildRecords"]),
    room("ReleasePlanning", ["ImageModel", "HostSystem", "YAMLText"]),
    room(
      "ImageTools",
      [
        "ImageModel", "HostSystem", "JSONText", "DockerfileText", "SquashFS", "SIFFormat", "ContentStore",
        "BuildRecords", "SIFConversion", "BuildEngine", "ReleasePlanning", "CCurl",
      ]),
    room(
      "MachineTools",
      ["ImageModel", "HostSystem", "JSONText", "ContentStore", "BuildRecords", "BuildEngine"]),
    .executableTarget(
      name: "coppice",
      dependencies: [
        "ImageModel", "HostSystem", "FileTraces", "GitTrees", "YAMLText", "JSONText", "DependencyGraph",
        "DefinitionScan", "BuildRecords", "DefinitionLint", "SquashFS", "ContentStore", "SIFFormat", "SIFConversion",
        "BuildEngine", "ReleasePlanning", "ImageTools", "MachineTools",
      ],
      swiftSettings: strict),
    room("TestSupport", ["ImageModel", "HostSystem"], path: "Tests/TestSupport"),
    tests("ImageModelTests", ["ImageModel", "TestSupport"]),
    tests("HostSystemTests", ["ImageModel", "HostSystem", "TestSupport"]),
    tests("YAMLTextTests", ["ImageModel", "YAMLText"]),
    tests("JSONTextTests", ["ImageModel", "JSONText"]),
    tests("DockerfileTextTests", ["ImageModel", "DockerfileText", "TestSupport"]),
    tests("DependencyGraphTests", ["ImageModel", "DependencyGraph", "TestSupport"]),
    tests("FileTracesTests", ["ImageModel", "HostSystem", "FileTraces", "TestSupport"]),
    tests("GitTreesTests", ["ImageModel", "HostSystem", "GitTrees", "TestSupport"]),
    tests(
      "DefinitionScanTests",
      ["ImageModel", "HostSystem", "FileTraces", "DependencyGraph", "DefinitionScan", "TestSupport"]),
    tests(
      "BuildRecordsTests",
      ["ImageModel", "HostSystem", "FileTraces", "DockerfileText", "BuildRecords", "JSONText", "TestSupport"]),
    tests(
      "DefinitionLintTests",
      [
        "ImageModel", "HostSystem", "DockerfileText", "DependencyGraph", "DefinitionScan", "BuildRecords",
        "DefinitionLint", "TestSupport",
      ]),
    tests("SquashFSTests", ["ImageModel", "HostSystem", "SquashFS", "TestSupport"]),
    tests(
      "ContentStoreTests",
      ["ImageModel", "HostSystem", "ContentStore", "JSONText", "TestSupport", "CZlib", "CZstd"]),
    tests("SIFFormatTests", ["ImageModel", "HostSystem", "SIFFormat", "JSONText", "TestSupport"]),
    tests(
      "SIFConversionTests",
      ["ImageModel", "HostSystem", "SquashFS", "ContentStore", "SIFFormat", "SIFConversion", "TestSupport"]),
    tests(
      "BuildEngineTests",
      [
        "ImageModel", "HostSystem", "DockerfileText", "DependencyGraph", "BuildRecords", "BuildEngine", "TestSupport",
      ]),
    tests("ReleasePlanningTests", ["ImageModel", "HostSystem", "ReleasePlanning", "TestSupport"]),
    tests(
      "ImageToolsTests",
      [
        "ImageModel", "HostSystem", "FileTraces", "DockerfileText", "DependencyGraph", "DefinitionScan",
        "ContentStore", "BuildRecords", "BuildEngine", "ReleasePlanning", "ImageTools", "JSONText", "TestSupport",
      ]),
    tests(
      "MachineToolsTests",
      [
        "ImageModel", "HostSystem", "JSONText", "ContentStore", "BuildRecords", "BuildEngine", "MachineTools",
        "TestSupport",
      ]),
    tests(
      "CommandTests",
      [
        "BuildRecords", "ImageModel", "HostSystem", "JSONText", "SIFConversion", "SIFFormat", "BuildEngine",
        "ReleasePlanning", "TestSupport", "coppice",
      ]),
    tests(
      "EndToEndTests",
      [
        "ImageModel", "HostSystem", "JSONText", "DependencyGraph", "DefinitionScan", "BuildRecords", "SIFFormat",
        "ContentStore", "ImageTools", "TestSupport", "coppice",
      ]),
    .testTarget(
      name: "FuzzTests", dependencies: fuzzed, path: "Fuzzing",
      exclude: ["Corpus", "Dictionaries", "Driver", "CFuzzer"],
      swiftSettings: strict),
  ]
)

// `make bench` measures some rooms without the rest.
if Context.environment["COPPICE_BENCH"] != nil {
  package.targets += [
    .executableTarget(
      name: "coppice-measure",
      dependencies: ["ImageModel", "HostSystem", "DependencyGraph", "BuildRecords", "BuildEngine"],
      path: "Benchmarks/Measuring", swiftSettings: strict),
    .executableTarget(
      name: "coppice-convert",
      dependencies: ["ImageModel", "HostSystem", "JSONText", "SquashFS", "ContentStore", "SIFFormat", "SIFConversion"],
      path: "Benchmarks/Converting", swiftSettings: strict),
  ]
}

// `make fuzz` builds the same checks with libFuzzer in place of the tests. There the program is a library, since only a
// test may use an executable.
if Context.environment["COPPICE_FUZZ"] != nil {
  package.targets.removeAll { $0.type == .test || $0.name == "coppice" }
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Fuzzing/CFuzzer"),
    .target(
      name: "coppice",
      dependencies: [
        "ImageModel", "HostSystem", "FileTraces", "GitTrees", "YAMLText", "JSONText", "DependencyGraph",
        "DefinitionScan", "BuildRecords", "DefinitionLint", "SquashFS", "ContentStore", "SIFFormat", "SIFConversion",
        "BuildEngine", "ReleasePlanning", "ImageTools", "MachineTools",
      ], exclude: ["Main.swift"], swiftSettings: strict),
    .executableTarget(
      name: "coppice-fuzz", dependencies: fuzzed + ["CFuzzer"], path: "Fuzzing",
      exclude: ["Corpus", "Dictionaries", "Tests", "CFuzzer"], swiftSettings: strict),
  ]
}
