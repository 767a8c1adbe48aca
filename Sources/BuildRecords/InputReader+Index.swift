internal import FileTraces
internal import HostSystem
package import ImageModel

extension InputReader {
  /// Looks at the files of many steps: those of which nothing has changed since the index was written are not read.
  ///
  /// - Parameters:
  ///   - index: gets what had to be read.
  ///   - now: seconds since 1970.
  /// - Throws: `Failure` when files change while they are read; `FileSystemError`.
  package func look(
    at steps: [(id: ArtifactID, recipe: Recipe)], index: inout FileIndex, now: Int
  ) throws -> [ArtifactID: StepFiles] {
    let questions = steps.map { question(about: $0.recipe, of: $0.id) }
    let answers = index.traces.answers(to: questions, in: files)
    var found: [ArtifactID: StepFiles] = [:]
    var open: [Int] = []
    for (place, answer) in answers.enumerated() {
      if case .holds(let record) = answer, let digest = Self.listDigest(record) {
        let recipe = steps[place].recipe
        found[steps[place].id] = StepFiles(unchanged: digest) { [self, index] in
          try snapshot(of: recipe, index: index.knowing(record.trace))
        }
      } else {
        open.append(place)
      }
    }
    if open.isEmpty { return found }
    let moment = FileIndex.settled(at: now)
    let (reader, known, asked) = (self, index, open)
    let readings = Locked([Result<Reading, any Error>?](repeating: nil, count: open.count))
    concurrently(asked.count, threads: readingThreadCount) { index in
      let place = asked[index]
      let reading = Result {
        try reader.read(steps[place].recipe, answers[place], known, olderThan: moment)
      }
      readings.withLock { $0[index] = reading }
    }
    for (place, reading) in zip(open, readings.withLock({ $0 })) {
      guard let reading = try reading?.get() else { continue }
      found[steps[place].id] = StepFiles(reading.snapshot, listDigest: reading.listDigest)
      index.insert(reading.snapshot.hashed, readSince: moment)
      if let trace = reading.trace { index.traces.insert(reading.value, for: questions[place], trace: trace) }
    }
    return found
  }

  /// The files as they are, read where the index does not know them.
  package func snapshot(
    of recipe: Recipe, id: ArtifactID, index: FileIndex
  ) throws -> ContextSnapshot {
    let earlier = index.traces.record(of: question(about: recipe, of: id))
    return try snapshot(of: recipe, index: index.knowing(earlier?.trace))
  }

  private struct Reading: Sendable {
    var snapshot: ContextSnapshot
    var listDigest: Digest?
    var value: [UInt8]
    /// Nil where the files must be looked at again next time.
    var trace: [UInt8]?
  }

  private func read(
    _ recipe: Recipe, _ answer: TraceStore.Answer, _ index: FileIndex, olderThan moment: Int
  ) throws -> Reading {
    var index = index
    if case .outdated(let record) = answer { index = index.knowing(record.trace) }
    let tracing = TracingFileSystem(files, olderThan: moment)
    let traced = InputReader(
      files: tracing, programDirectories: programDirectories, sourceDateEpoch: sourceDateEpoch)
    let snapshot = try traced.snapshot(of: recipe, index: index)
    let known = snapshot.files.filter { $0.digest != nil && $0.source != nil }
    // Those that were hashed have told their digests.
    if snapshot.hashed.count < known.count {
      for file in known {
        if let digest = file.digest, let source = file.source { tracing.note(digest, of: source) }
      }
    }
    let listDigest = snapshot.listDigest
    var value = ValueWriter()
    value.write(listDigest) { $0.write($1) }
    // What is to be told is told each time, so it must be looked for each time.
    return Reading(
      snapshot: snapshot, listDigest: listDigest, value: value.bytes,
      trace: snapshot.diagnostics.isEmpty ? tracing.trace : nil)
  }

  /// Nil when the record is no such value.
  private static func listDigest(_ record: TraceRecord) -> Digest?? {
    var reader = ValueReader(record.value)
    guard let digest = try? reader.optional({ reader throws(ValueReader.Damage) in try reader.digest() }),
      reader.isAtEnd
    else { return nil }
    return digest
  }

  /// All but files that decides which files a step reads.
  private func question(about recipe: Recipe, of id: ArtifactID) -> TraceStore.Question {
    var key = ValueWriter()
    switch recipe {
    case .image(let image):
      key.write("context 2")
      key.write(image.definition.directory)
      switch image.dockerfile.reach {
      case .whole: key.write("whole")
      case .selected(let selectors):
        key.write(selectors) { key, selector in
          key.write(selector.pattern)
          key.write(selector.isPattern)
          key.write(selector.isContentsOnly)
          key.write(selector.keepsParents)
          key.write(selector.excludes) { $0.write($1) }
        }
      }
      key.write(image.ignore.patterns) { $0.write($1) }
      key.write(image.renderedFiles.sorted { $0.key < $1.key }) { key, file in
        key.write(file.key)
        key.write(Digest.sha256(file.value))
      }
      key.write(image.generated.keys.sorted()) { $0.write($1) }
    case .conversion: key.write("no files")
    case .machine(let machine):
      key.write("machine 1")
      key.write(machine.definition.directory)
      key.write(MachineSources.paths(of: machine)) { $0.write($1.value) }
      key.write(machine.base.files) { key, file in
        key.write(file.text)
        key.write(file.digest) { $0.write($1) }
      }
    case .generator(let generator):
      key.write("generator 1")
      key.write(generator.definition.directory)
      key.write(generator.command.first ?? "")
      key.write(generator.inputs) { $0.write($1.value) }
      key.write(programDirectories) { $0.write($1) }
    }
    return TraceStore.Question("files of \(id)", key: .sha256(key.bytes))
  }
}
