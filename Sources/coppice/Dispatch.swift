internal import HostSystem
internal import ImageModel

/// Runs one command: the only place that knows all of them, and that turns errors into words and exit codes.
func run(_ invocation: Invocation) async -> ExitCode {
  do {
    return try await perform(invocation)
  } catch let fault as InvalidInput {
    invocation.show(fault.diagnostics)
    return .invalid
  } catch let failure as Failure {
    invocation.errorOutput.write(invocation.diagnostics.text(failure))
    return .failure
  } catch is CancellationError {
    return .interrupted
  } catch ProcessError.cancelled {
    return .interrupted
  } catch let error as FileSystemError {
    invocation.errorOutput.write(invocation.diagnostics.text(error.failure))
    return .failure
  } catch {
    invocation.show([Diagnostic(.error, "\(error)")])
    return .failure
  }
}

private func perform(_ invocation: Invocation) async throws -> ExitCode {
  switch invocation.request {
  case .version:
    invocation.output.write(Version.text + "\n")
    return .success
  case .help(let topic):
    invocation.output.write(HelpText(width: min(invocation.size().columns, 100), style: invocation.style).text(topic))
    return .success
  case .initialize(let options): return try options.run(invocation)
  case .list(let options): return try options.run(invocation)
  case .status(let options): return try options.run(invocation)
  case .explain(let options): return try options.run(invocation)
  case .graph(let options): return try options.run(invocation)
  case .build(let options): return try await options.run(invocation)
  case .update(let options): return try await options.run(invocation)
  case .plan(let options): return try await options.run(invocation)
  case .apply(let options): return try await options.run(invocation)
  case .publish(let options): return try await options.run(invocation)
  case .releases(let options): return try options.run(invocation)
  case .fetch(let options): return try await options.run(invocation)
  case .download(let options): return try await options.run(invocation)
  case .lint(let options): return try options.run(invocation)
  case .log(let options): return try options.run(invocation)
  case .history(let options): return try options.run(invocation)
  case .verify(let options): return try await options.run(invocation)
  case .collect(let options): return try await options.run(invocation)
  case .load(let options): return try await options.run(invocation)
  case .sifBuild(let options): return try await options.run(invocation)
  case .sifDiff(let options): return try await options.run(invocation)
  case .sifList(let options): return try options.run(invocation)
  case .sifInspect(let options): return try options.run(invocation)
  case .sifVerify(let options): return try options.run(invocation)
  case .sifExtractDefinition(let options): return try options.run(invocation)
  case .clean(let options): return try await options.run(invocation)
  }
}
