internal import ImageModel

/// `coppice-measure records DIR`, `coppice-measure steps COUNT JOBS DIR`: parts of coppice alone, without engines.
///
/// Each tells how many milliseconds its work took; the scripts beside this directory compare them.
@main
enum Measure {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.count == 2, arguments[0] == "records" {
      try Records(FilePath(arguments[1])).measure()
    } else if arguments.count == 4, arguments[0] == "steps", let count = Int(arguments[1]), let jobs = Int(arguments[2])
    {
      try await Steps(count: count, jobs: jobs, directory: FilePath(arguments[3])).measure()
    } else {
      throw Failure("usage: coppice-measure records DIR | steps COUNT JOBS DIR")
    }
  }

  static func tell(_ what: String, _ duration: Duration) {
    let parts = duration.components
    print("\(what) \(Double(parts.seconds) * 1000 + Double(parts.attoseconds) / 1e15)")
  }
}
