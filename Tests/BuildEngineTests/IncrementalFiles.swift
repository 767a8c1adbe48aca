import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

extension IncrementalTests {
  /// Files of contexts.
  static let files: [Row] = [
    Row("nothing", runs: []) { _ in },
    Row("a file of a leaf", runs: ["science: context ~file"]) { $0.edit("science") },
    Row("a file of a root", runs: ["base: context ~file"] + belowBase) { $0.edit("base") },
    Row("a file in the middle; who only declares it stays", runs: ["python: context ~file", "science: from python"]) {
      $0.edit("python")
    },
    Row("a file that appears", runs: ["science: context +new"]) { $0.edit("science", file: "new") },
    Row("a file that goes", runs: ["science: context -file"]) { $0.files.delete("science/1/file") },
    Row("a file that is renamed", runs: ["science: context -file, context +other"]) {
      $0.files.move("science/1/file", to: "science/1/other")
    },
    Row("a name that changes its case", runs: ["science: context +File, context -file"]) {
      $0.files.move("science/1/file", to: "science/1/File")
    },
    Row("a directory that is renamed", runs: ["science: context -d, context -d/f, context +e, context +e/f"]) { world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.move("science/1/d", to: "science/1/e")
    },
    Row(
      "a directory's name that changes its case", runs: ["science: context +D, context +D/f, context -d, context -d/f"]
    ) {
      world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.move("science/1/d", to: "science/1/D")
    },
    Row("a file that takes the place of another", runs: ["science: context ~file, context -other"]) { world in
      world.edit("science", file: "other")
      try await world.build()
      world.files.move("science/1/other", to: "science/1/file")
    },
    Row("permissions", runs: ["science: context ~file"]) { $0.files.chmod("science/1/file", 0o755) },
    Row("permissions taken away again", runs: ["science <: context ~file"]) { world in
      world.files.chmod("science/1/file", 0o755)
      try await world.build()
      world.files.chmod("science/1/file", 0o644)
    },
    Row("permissions of a directory", runs: ["science: context ~d"]) { world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.chmod("science/1/d", 0o700)
    },
    Row("permissions of a directory that is itself the source", runs: []) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.chmod("science/1/d", 0o700)
    },
    Row("a time of modification", runs: []) { $0.files.touch("science/1/file") },
    Row("a time of modification set back", runs: []) { $0.files.setModified(1, of: "science/1/file") },
    Row("the same bytes written again", runs: []) { $0.edit("science", "science") },
    Row("the same bytes in a new inode", runs: []) { $0.files.swapIn("science/1/file", "science") },
    Row("other bytes with the time and size of the old", runs: ["science: context ~file"]) { world in
      let status = try world.files.status(of: "/repository/science/1/file", followingLinks: false)
      world.edit("science", "SCIENCE")
      world.files.setModified(status.modified, of: "science/1/file")
    },
    Row("an empty directory", runs: ["science: context +empty"]) {
      $0.files.makeSpecial("science/1/empty", .directory)
    },
    Row("an empty directory in one that is the source", runs: ["science: context +d/empty"]) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.makeSpecial("science/1/d/empty", .directory)
    },
    Row("an empty directory beside the source", runs: []) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.makeSpecial("science/1/empty", .directory)
    },
    Row("an empty directory that goes", runs: ["science <: context -empty"]) { world in
      world.files.makeSpecial("science/1/empty", .directory)
      try await world.build()
      world.files.delete("science/1/empty")
    },
    Row("a link", runs: ["science: context +link"]) { $0.files.link("science/1/link", to: "file") },
    Row("a link to elsewhere", runs: ["science: context ~link"]) { world in
      world.files.link("science/1/link", to: "file")
      try await world.build()
      world.files.delete("science/1/link")
      world.files.link("science/1/link", to: "other")
    },
    Row("a link in place of the file that it leads to", runs: ["science: context ~file, context +other"]) { world in
      world.files.move("science/1/file", to: "science/1/other")
      world.files.link("science/1/file", to: "other")
    },
    Row("a link that is the source, to elsewhere", runs: ["science: context -a, context +b, context ~link"]) { world in
      world.edit("science", "same", file: "a")
      world.edit("science", "same", file: "b")
      world.files.link("science/1/link", to: "a")
      world.copy("link", in: "science")
      try await world.build()
      world.files.delete("science/1/link")
      world.files.link("science/1/link", to: "b")
    },
    Row("what a link leads to that is the source", runs: ["science: context ~a"]) { world in
      world.edit("science", file: "a")
      world.files.link("science/1/link", to: "a")
      world.copy("link", in: "science")
      try await world.build()
      world.edit("science", file: "a")
    },
    Row("a file in a directory of its own", runs: ["science: context +d, context +d/f"]) {
      $0.edit("science", file: "d/f")
    },
    Row("the definition's yaml alone", runs: []) { $0.edit("science", file: "casa_distro_docker.yaml") },
    Row("a template that gives the same file", runs: []) { $0.edit("science", file: "conf.template") },
    Row("a file made from a template", runs: ["science: context +conf"]) {
      $0["science"].renderedFiles = ["conf": Array("x".utf8)]
    },
    Row("a file that is ignored", runs: []) { world in
      world["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["*.log"])
      world.edit("science", file: "build.log")
    },
    Row("a file that becomes ignored", runs: ["science: context -file"]) {
      $0["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["file"])
    },
    Row("a file that no instruction reaches", runs: ["science: context -file"], later: []) { world in
      world["science"].dockerfile.reach = .selected([ContextSelector(pattern: "src")])
    },
  ]
}
