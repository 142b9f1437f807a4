internal import Glibc
internal import JSON

/// The measurements of `scripts/bench`: each call is one step, and prints its result as one line of JSON.
@main
enum LedgeBench {
    private static let usage = """
        Usage: ledge-bench STEP DIRECTORY [OPTION VALUE]...

          load      store telemetry up to --rows (1000000), timed in --slices (10)
          open      open what is there, and tell how long it takes and what memory
          measure   time every operation over what is there: --rounds (7) of --milliseconds (200), writes by their
                    number: --inserts (32000) and --batches (10); or --only one operation, for a profiler

        With "--against sqlite" SQLite does the same in turn, and its answers are compared before anything is timed.

        Examples:
          ledge-bench load /tmp/bench --rows 100000 --against sqlite
          ledge-bench measure /tmp/bench --rounds 5 --against sqlite
          ledge-bench open /tmp/bench
          perf record -g ledge-bench measure /tmp/bench --only page.client
        """

    static func main() async {
        do {
            guard let command = Command(CommandLine.arguments.dropFirst()) else {
                print(usage)
                exit(2)
            }
            print(String(decoding: try await command.run().bytes, as: UTF8.self))
        } catch {
            let complaint = Array("ledge-bench: \(error)\n".utf8)
            _ = write(STDERR_FILENO, complaint, complaint.count)
            exit(1)
        }
    }
}

/// The parsed command line.
private struct Command {
    private static let names: Set = ["--rows", "--slices", "--rounds", "--milliseconds", "--inserts", "--batches"]

    private let step: String
    private let places: Places
    private var numbers: [String: Int] = [:]
    private var only: String?

    init?(_ arguments: ArraySlice<String>) {
        guard arguments.count >= 2, arguments.count.isMultiple(of: 2) else { return nil }
        let words = Array(arguments)
        var isDuel = false
        for position in stride(from: 2, to: words.count, by: 2) {
            let (name, value) = (words[position], words[position + 1])
            if name == "--against", value == "sqlite" {
                isDuel = true
            } else if name == "--only" {
                only = value
            } else if Self.names.contains(name), let number = Int(value), number > 0 {
                numbers[name] = number
            } else {
                return nil
            }
        }
        step = words[0]
        places = Places(directory: words[1], isDuel: isDuel)
        guard ["load", "open", "measure"].contains(step) else { return nil }
    }

    func run() async throws -> JSON {
        switch step {
        case "load":
            return try await Loading(
                places: places,
                rowCount: numbers["--rows"] ?? 1_000_000,
                sliceCount: numbers["--slices"] ?? 10
            ).run()
        case "open":
            return try await Opening(places: places).run()
        default:
            return try await Measurement(
                places: places,
                roundCount: numbers["--rounds"] ?? 7,
                stopwatch: Stopwatch(budget: .milliseconds(numbers["--milliseconds"] ?? 200)),
                insertCount: numbers["--inserts"] ?? 32_000,
                batchCount: numbers["--batches"] ?? 10,
                only: only
            ).run()
        }
    }
}
