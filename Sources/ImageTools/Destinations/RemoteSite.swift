import HostSystem
import ImageModel
import ReleasePlanning

/// A directory of another machine, looked at and changed by small POSIX scripts through ssh; files come there with rsync.
struct RemoteSite: FileSite {
  let shell: RemoteShell
  /// The same on each run from the same repository.
  let publisher: String
  /// Our right to publish there, while we have it.
  private let right = Locked<RemoteHold?>(nil)

  init(shell: RemoteShell, publisher: String) { (self.shell, self.publisher) = (shell, publisher) }

  var name: String { shell.place.description }

  // MARK: What is there

  func overview() async throws -> SiteOverview? {
    Self.overview(reading: try await shell.run(Array(Self.survey.utf8)))
  }

  /// A connection takes longer than all that is asked.
  func look(
    _ paths: [String], hashed: Set<String>
  ) async throws -> (entries: [String: SiteEntry], overview: SiteOverview?) {
    let script = "(\n" + Self.question(paths, hashed: hashed) + "\n)\n" + Self.survey
    let output = try await shell.run(Array(script.utf8))
    // Each entry has a number before it.
    let start =
      output.starts(with: Self.present)
      ? 0
      : output.firstRange(of: [UInt8(ascii: "\n")] + Self.present)
        .map { $0.lowerBound + 1 }
    let entries = String(decoding: output[..<(start ?? output.endIndex)], as: UTF8.self)
    return (Self.entries(reading: entries, paths), start.flatMap { Self.overview(reading: Array(output[$0...])) })
  }

  private static let present = Array("present\n".utf8)
  private static let survey = """
    if [ -d "$root/.coppice" ]; then
      cd -- "$root"
      echo present
      if [ -L .coppice/current ]; then echo "current $(readlink .coppice/current)"; fi
      if [ -d .coppice/files ]; then find .coppice/files/ -maxdepth 1 -type f -exec stat -c 'file %s %n' {} +; fi
      if [ -d .coppice/releases ]; then
        find .coppice/releases/ -mindepth 1 -maxdepth 1 -type d -exec stat -c 'release %n' {} +
        find .coppice/releases/ -mindepth 2 -maxdepth 2 -type l -exec stat -c 'link %N' {} +
      fi
      echo index
      if [ -f .coppice/current/index.json ]; then cat .coppice/current/index.json; fi
    fi
    """

  /// What the other side says is taken for no more than names and numbers.
  static func overview(reading output: [UInt8]) -> SiteOverview? {
    let cut = output.firstRange(of: Array("\nindex\n".utf8))
    let lines = output[..<(cut?.lowerBound ?? output.endIndex)].split(separator: UInt8(ascii: "\n"))
      .map { String(decoding: $0, as: UTF8.self) }
    guard lines.first == "present" else { return nil }
    var overview = SiteOverview()
    if let cut, cut.upperBound < output.endIndex { overview.index = Array(output[cut.upperBound...]) }
    for line in lines.dropFirst() {
      let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      switch words.first {
      case "current": overview.current = words.last.flatMap { last(of: $0) }.flatMap { Int($0) }
      case "file":
        guard words.count == 3, let size = Int(words[1]), let name = last(of: words[2]) else { continue }
        overview.files[name] = size
      case "release":
        guard let number = words.last.flatMap({ last(of: $0) }).flatMap({ Int($0) }) else { continue }
        overview.releases[number, default: []].formUnion([])
      case "link":
        // `link '.coppice/releases/7/a.sif' -> '../../files/0123…'`
        let parts = line.split(separator: "/")
        guard let place = parts.firstIndex(of: "releases"), place + 1 < parts.endIndex,
          let number = Int(parts[place + 1]),
          let name = parts.last
        else { continue }
        overview.releases[number, default: []].insert(String(name.filter { $0 != "'" }))
      default: continue
      }
    }
    return overview
  }

  private static func last(of path: Substring) -> String? { path.split(separator: "/").last.map(String.init) }

  func entries(_ paths: [String], hashed: Set<String>) async throws -> [String: SiteEntry] {
    Self.entries(reading: try await shell.run(Self.question(paths, hashed: hashed)), paths)
  }

  private static func question(_ paths: [String], hashed: Set<String>) -> String {
    let asked = paths.enumerated().map { index, path in
      "e \(index) \(ShellText.word("./" + path)) \(ShellText.word(ReleaseDirectory.target(of: path)))"
        + (hashed.contains(path) ? " hashed" : "")
    }
    return """
      e() {
        if [ -L "$2" ] && [ "$(readlink "$2")" = "$3" ]; then echo "$1 ours"
        elif [ -f "$2" ]; then
          sum=
          if [ -n "${4-}" ]; then sum=$(sha256sum <"$2"); fi
          echo "$1 foreign $(stat -L -c %s "$2") ${sum%% *}"
        elif [ -e "$2" ]; then echo "$1 other"
        elif [ -L "$2" ]; then echo "$1 dangling"
        fi
      }
      if [ -d "$root" ]; then
        cd -- "$root"
        \(asked.joined(separator: "\n"))
      fi
      """
  }

  private static func entries(reading output: String, _ paths: [String]) -> [String: SiteEntry] {
    output.split(separator: "\n").reduce(into: [:]) { entries, line in
      let words = line.split(separator: " ")
      guard words.count > 1, let index = Int(words[0]), paths.indices.contains(index) else { return }
      switch words[1] {
      case "ours": entries[paths[index]] = .ours
      case "dangling": entries[paths[index]] = .dangling
      case "foreign":
        let digest = words.count > 3 ? Digest(hex: words[3]) : nil
        entries[paths[index]] = .foreign(digest, size: words.count > 2 ? Int(words[2]) ?? 0 : 0)
      default: entries[paths[index]] = .noFile
      }
    }
  }

  // MARK: Changes

  func perform(_ changes: [SiteChange], last: [SiteChange]) async throws {
    let ends = Array("set +e\n".utf8)
    let script = try Self.lines(changes) + ends + Self.lines(last)
    _ = try await shell.run(Array(beginning.utf8) + script)
  }

  private static func lines(_ changes: [SiteChange]) throws(Failure) -> [UInt8] {
    var lines: [UInt8] = []
    for change in changes { lines += try line(change) + [UInt8(ascii: "\n")] }
    return lines
  }

  /// Whoever has lost the right to publish meanwhile changes nothing.
  private var beginning: String {
    let check = right.withLock { $0 }.flatMap(\.token).map { token in
      """
      if [ "$(sed -n 2p .coppice/publishing/owner 2>&1)" != \(token) ]; then
        echo "somebody else has begun to publish here, since we were away for long" >&2; exit 1
      fi

      """
    }
    return """
      mkdir -p -- "$root"
      cd -- "$root"
      mkdir -p .coppice/files .coppice/incoming
      # Moves a file to its place once it is on the disk.
      settle() { sync "$1" 2>/dev/null || sync; mv -f -T -- "$1" "$2"; }
      sum() { s=$(sha256sum <"$1"); echo "${s%% *}"; }

      """ + (check ?? "")
  }

  private static func line(_ change: SiteChange) throws(Failure) -> [UInt8] {
    func word(_ path: String) -> String { ShellText.word("./" + path) }
    let incoming = "./.coppice/incoming/new"
    switch change {
    case .keep(let path, let name, let digest):
      let test = digest.map {
        """
        if [ "$(sum \(incoming))" != \($0.hex) ]; then
          echo "a file that was to be kept changed while it was read; publish again when nobody writes there" >&2; exit 1
        fi

        """
      }
      return Array(
        "cp -- \(word(path)) \(incoming)\nchmod 444 \(incoming)\n\(test ?? "")settle \(incoming) \(word(name))".utf8)
    case .directory(let path): return Array("mkdir -p \(word(path))".utf8)
    case .link(let path, let target): return Array("ln -s \(ShellText.word(target)) \(word(path))".utf8)
    case .write(let path, let bytes):
      guard !bytes.contains(0) else { throw Failure("\(path) would hold a NUL byte") }
      return Array("printf %s ".utf8) + ShellText.word(bytes)
        + Array(" >\(incoming)\nchmod 644 \(incoming)\nsettle \(incoming) \(word(path))".utf8)
    case .remove(let path): return Array("rm -f \(word(path))".utf8)
    case .removeTree(let path): return Array("rm -rf \(word(path))".utf8)
    case .rename(let path, let target): return Array("mv -f -T \(word(path)) \(word(target))".utf8)
    case .sync:
      // The directories alone: all files were synced before they got their names, and others write on that disk too.
      let directories = ". .coppice .coppice/files .coppice/releases .coppice/releases/*/"
      return Array("sync \(directories) 2>/dev/null || sync".utf8)
    }
  }

  func put(
    _ file: any RandomAccessFile, _ digest: Digest, companions: [(suffix: String, bytes: [UInt8])],
    progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    let (place, incoming) = (ReleaseDirectory.file(digest), ".coppice/incoming/\(digest.hex)")
    var ending = ""
    for (suffix, bytes) in companions {
      let path = ReleaseDirectory.file(digest, suffix)
      let line = String(decoding: try Self.line(.write(path, bytes)), as: UTF8.self)
      ending += "if [ ! -f \(path) ]; then\n\(line)\nfi\n"
    }
    // One that came to its end and is another file would be taken for whole.
    for isGoingOn in [true, false] {
      let state = try await shell.run(
        Array(
          (beginning
            + """
            if [ -f \(place) ] && [ "$(stat -c %s \(place))" = \(file.size) ]; then
              \(ending)
              echo whole
            else
              df -Pk .coppice
              if [ -f \(incoming) ]; then stat -c %s \(incoming); fi
            fi
            """).utf8))
      if state == Self.whole { return }
      try check(state, size: file.size)
      let growth = Growth(progress)
      try await shell.copy(file.path, to: incoming, isGoingOn: isGoingOn, progress: growth.reached)
      let answer = try await shell.run(
        Array(
          (beginning
            + """
            if [ "$(stat -c %s \(incoming))" = \(file.size) ] && [ "$(sum \(incoming))" = \(digest.hex) ]; then
              chmod 444 \(incoming)
              settle \(incoming) \(place)
              \(ending)
              echo whole
            else
              rm -f \(incoming)
            fi
            """).utf8))
      if answer == Self.whole {
        growth.reached(file.size)
        return
      }
    }
    throw Failure(
      "\(name) has other bytes than were sent of sha256:\(digest.short)…",
      help: "run `coppice verify`; if that finds nothing, look at the disk of \(shell.place.host)")
  }

  private static let whole = Array("whole\n".utf8)

  /// Whether there is room for what is still missing of a file.
  private func check(_ state: [UInt8], size: Int) throws(Failure) {
    let lines = String(decoding: state, as: UTF8.self).split(separator: "\n")
    // `Filesystem 1024-blocks Used Available Capacity Mounted on`; a name of a file system may have blanks in it.
    let numbers = lines.dropFirst().first?.split(separator: " ").compactMap { Int($0) } ?? []
    guard numbers.count >= 3 else { return }
    let present = max(0, lines.dropFirst(2).last.flatMap { Int($0) } ?? 0)
    guard numbers[2] << 10 > size - present else {
      throw Failure(
        "no space is left at \(name): \(ByteCount(size - present)) are to be sent",
        help: "make room there, and publish again")
    }
  }

  // MARK: Reading

  func read(_ path: String, limit: Int) async throws -> [UInt8]? {
    let word = ShellText.word("./" + path)
    let output = try await shell.run(
      Array("cd -- \"$root\"\nif [ -f \(word) ]; then echo there; head -c \(limit + 1) \(word); echo; fi\n".utf8),
      limit: limit + 4096)
    guard output.starts(with: Array("there\n".utf8)) else { return nil }
    let bytes = Array(output.dropFirst("there\n".utf8.count).dropLast())
    guard bytes.count <= limit else { throw Failure("\(name)/\(path) has over \(limit) bytes") }
    return bytes
  }

  func bring(_ path: String, to part: FilePath, progress: @escaping @Sendable (Int) -> Void) async throws {
    try await shell.bring(path, to: part, progress: Growth(progress).reached)
  }

  // MARK: One publisher at a time

  func hold() async throws -> any DestinationHold {
    let hold = try await RemoteHold(shell: shell, publisher: publisher)
    right.withLock { $0 = hold }
    return hold
  }
}

/// Tells how many more bytes there are, of a size that is told again and again, and that may shrink when something begins
/// anew.
private struct Growth: Sendable {
  private let known: Locked<Int>
  private let progress: @Sendable (Int) -> Void

  init(_ progress: @escaping @Sendable (Int) -> Void) { (known, self.progress) = (Locked(0), progress) }

  @Sendable func reached(_ size: Int) {
    progress(
      known.withLock { known in
        defer { known = max(known, size) }
        return max(0, size - known)
      })
  }
}
