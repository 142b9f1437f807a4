internal import Glibc

/// The fuzzer's own main function.
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
    /// Chosen once, before the first input.
    nonisolated(unsafe) private static var target: FuzzTarget?

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--list" {
            for target in FuzzTarget.all { print(target.name) }
            return
        }
        target = FuzzTarget.all.first { $0.name == arguments.first }
        guard target != nil else {
            print("usage: ledge-fuzz TARGET [OPTION]… [CORPUS]…\ntargets:", terminator: "")
            print(FuzzTarget.all.map { " \($0.name)" }.joined())
            exit(2)
        }
        // libFuzzer takes what stands behind the program's name: that is the target's place now.
        var count = CommandLine.argc - 1
        var list = CommandLine.unsafeArgv + 1
        exit(
            runDriver(&count, &list) { start, count in
                LedgeFuzz.target?.run(UnsafeRawBufferPointer(start: start, count: count))
                return 0
            }
        )
    }
}
