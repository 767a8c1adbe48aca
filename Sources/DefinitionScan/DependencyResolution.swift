internal import HostSystem
internal import ImageModel
internal import YAMLText

/// Turns the dependencies of a definition into directories of the overlay.
struct DependencyResolution {
  let files: any FileSystem
  let overlay: Overlay

  /// Each directory once; those that are faulty are left out and reported.
  func resolve(
    _ dependencies: [Located<String>], of definition: FilePath, _ reader: inout StrictReader
  ) -> [Located<String>] {
    var seen = Set<FilePath>()
    var result: [Located<String>] = []
    for dependency in dependencies {
      let written = FilePath(dependency.value)
      if written.isAbsolute {
        reader.report(
          "the dependency '\(written)' is absolute", at: dependency.location,
          help: "name it relative to this directory")
        continue
      }
      let path = Self.path((definition / written).normalized, seenFrom: definition)
      let isMachines = definition.isBelow(SearchPath.machines) && path.isBelow(SearchPath.machines)
      if path.components.first == Array("..".utf8), !isMachines {
        reader.report("the dependency '\(written)' leaves the tree of definitions", at: dependency.location)
      } else if !exists(path) {
        reader.report(
          "the dependency '\(written)' does not exist", at: dependency.location,
          help: neighbour(of: path).map { "did you mean '\(respelled(written, $0))'?" })
      } else if let text = path.text, seen.insert(path).inserted {
        if !overlay.isPopulated(path) {
          reader.report(
            "there is no definition below '\(written)'", at: dependency.location, .warning,
            help: "remove it, or name the directory of a definition", rule: .emptyDependency)
        }
        result.append(Located(text, at: dependency.location))
      }
    }
    return result
  }

  /// VM images may come after docker images, and lie beside them.
  private static func path(_ path: FilePath, seenFrom definition: FilePath) -> FilePath {
    guard definition.isBelow(SearchPath.machines), let inside = path.relative(to: "../docker") else { return path }
    return inside.isEmpty ? "." : inside
  }

  private func exists(_ path: FilePath) -> Bool {
    // What the walk leaves out (links, hidden directories) exists all the same.
    overlay.roots.contains { root in
      (try? files.status(of: (root.docker / path).normalized, followingLinks: true))?.kind == .directory
    }
  }

  /// The nearest name among the directories beside `path`.
  private func neighbour(of path: FilePath) -> String? {
    var names: Set<String> = []
    for root in overlay.roots {
      for entry in (try? files.names(of: (root.docker / path).normalized.parent)) ?? []
      where entry.kind == .directory && entry.name.bytes.first != UInt8(ascii: ".") {
        if let name = entry.name.text { names.insert(name) }
      }
    }
    return path.name.text.flatMap { NearestSpelling.of($0, among: names.sorted()) }
  }

  /// `path` as it was written, with another last component.
  private func respelled(_ path: FilePath, _ name: String) -> FilePath {
    path.normalized.parent.isEmpty ? FilePath(name) : path.normalized.parent / FilePath(name)
  }
}
