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
      if let log = build.log { object.append("log", .string("\(log)")) }
      return .object(object)
    }
    return ["builds": .array(values)]
  }

  func text(style: Style) -> String {
    guard !builds.isEmpty else { return "nothing was built yet\n" }
    var table = Table([
      .init("BUILD", .right), .init("DATE"), .init("ARTIFACT"), .init("OUTCOME"), .init("TIME", .right), .init("WHY"),
    ])
    for build in builds {
      table.add([
        "\(build.number)", DateText.utc(build.start), "\(build.id)", build.outcome.rawValue,
        HumanText.duration(build.duration), ReasonText.summary(build.reasons),
      ])
    }
    return table.text(style: style)
  }
}

extension JSONValue {
  /// A number of seconds to the millisecond.
  static func seconds(_ duration: Duration) -> JSONValue {
    .double((max(0, duration.inSeconds) * 1000).rounded() / 1000)
  }
}
