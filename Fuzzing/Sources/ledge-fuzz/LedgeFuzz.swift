internal import Glibc

/// The main function of libFuzzer.
///
/// Source: https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `ledge-fuzz TARGET [OPTION OF LIBFUZZER]… [CORPUS]…`, or `ledge-fuzz --list`.
@main
enum LedgeFuzz {
    /// The environment variable that passes the target to child processes.
    private static let variable = "LEDGE_FUZZ_TARGET"
    /// Set once, before the first input.
    nonisolated(unsafe) private static var target: FuzzTarget?

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--list" {
            for target in FuzzTarget.all { print(target.name) }
            return
        }
        let inherited = getenv(variable).map { String(cString: $0) }
        target = FuzzTarget.all.first { $0.name == inherited ?? arguments.first }
        guard let target else {
            print("usage: ledge-fuzz TARGET [OPTION]… [CORPUS]…\ntargets:", terminator: "")
            print(FuzzTarget.all.map { " \($0.name)" }.joined())
            exit(2)
        }
        var count = CommandLine.argc
        var list = CommandLine.unsafeArgv
        if inherited == nil {
            // libFuzzer reads the arguments after the program's name, and restarts the program when it merges.
            setenv(variable, target.name, 1)
            list[1] = list[0]
            list += 1
            count -= 1
        }
        exit(
            runDriver(&count, &list) { start, count in
                LedgeFuzz.target?.run(UnsafeRawBufferPointer(start: start, count: count))
                return 0
            }
        )
    }
}
