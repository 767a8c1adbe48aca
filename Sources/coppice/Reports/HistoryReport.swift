internal import BuildEngine
internal import ImageModel
internal import JSONText

/// What `coppice history` tells.
struct HistoryReport: Sendable {
  struct Build: Sendable {
    var number: Int
    var id: ArtifactID
    /// Seconds since 1970.
    var start: Int
    var duration: Duration
    var outcome: StepOutcome
    var reasons: [StaleReason]
    /// How many changed inputs are not among the reasons: the journal does not list them, and the lists are gone.
    var omitted = 0
    var log: FilePath?
  }

  /// As they are shown: the newest first.
  var builds: [Build]

  var json: JSONValue {
    let values: [JSONValue] = builds.map { build in
      var object = JSONObject([
        ("number", .integer(build.number)), ("id", .string("\(build.id)")),
        ("start", .string(DateText.utc(build.start))),
        ("seconds", .seconds(build.duration)), ("outcome", .string(build.outcome.rawValue)),
        ("reasons", .reasons(build.reasons)),
      ])
      if build.omitted > 0 { object.append("omitted", .integer(build.omitted)) }
      if let log = build.log { object.append("log", .string("\(log)")) }
      return .object(object)
    }
    return ["builds": .array(values)]
  }

  /// - Parameter showsAll: whether every reason has a line, below the table's, which tells the first.
  func text(style: Style, showsAll: Bool = false) -> String {
    guard !builds.isEmpty else { return "the journal of this repository tells of no build\n" }
    var table = Table([
      .init("BUILD", .right), .init("DATE"), .init("ARTIFACT"), .init("OUTCOME"), .init("TIME", .right), .init("WHY"),
    ])
    for build in builds {
      table.add([
        "\(build.number)", DateText.utc(build.start), "\(build.id)", build.outcome.rawValue,
        HumanText.duration(build.duration), ReasonText.summary(build.reasons, omitted: build.omitted),
      ])
    }
    let text = table.text(style: style)
    guard showsAll else { return text }
    var lines = text.split(separator: "\n").map { "\($0)\n" }[...]
    var result = lines.popFirst() ?? ""
    for (line, build) in zip(lines, builds) {
      let reasons = ReasonText.lines(build.reasons)
      result += line
      if reasons.count + build.omitted > 1 { result += reasons.map { "       \($0)\n" }.joined() }
      if build.omitted > 0 { result += "       and \(HumanText.count(build.omitted, "more change"))\n" }
    }
    return result
  }
}

extension JSONValue {
  /// A number of seconds to the millisecond.
  static func seconds(_ duration: Duration) -> JSONValue {
    .double((max(0, duration.inSeconds) * 1000).rounded() / 1000)
  }
}
