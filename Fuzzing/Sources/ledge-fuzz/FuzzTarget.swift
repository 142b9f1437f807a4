/// One parser of untrusted bytes, with the properties that must hold for every input.
///
/// In addition to the stated properties, no target may trap, read out of bounds, take a second or leak memory.
struct FuzzTarget: Sendable {
    let name: String
    /// Tries one input; ends the process if a property does not hold.
    let run: @Sendable (UnsafeRawBufferPointer) -> Void

    static let all: [FuzzTarget] = [
        FuzzTarget(name: "json", run: fuzzJSON),
        FuzzTarget(name: "record-line", run: fuzzRecordLine),
        FuzzTarget(name: "segment-recovery", run: fuzzSegmentRecovery),
        FuzzTarget(name: "sealed-segment", run: fuzzSealedSegment),
        FuzzTarget(name: "log-repair", run: fuzzLogRepair),
        FuzzTarget(name: "index-file", run: fuzzIndexFile),
        FuzzTarget(name: "blob", run: fuzzBlob),
        FuzzTarget(name: "upload-recovery", run: fuzzUploadRecovery),
        FuzzTarget(name: "upload-state", run: fuzzUploadState),
        FuzzTarget(name: "model-file", run: fuzzModelFile),
        FuzzTarget(name: "query", run: fuzzQuery),
        FuzzTarget(name: "validation", run: fuzzValidation),
        FuzzTarget(name: "multipart", run: fuzzMultipart),
        FuzzTarget(name: "token", run: fuzzToken),
        FuzzTarget(name: "text", run: fuzzText),
    ]
}

/// Ends the process if a property does not hold; the fuzzer then keeps the input.
func must(_ holds: Bool, _ promise: @autoclosure () -> String) {
    if !holds { fatalError(promise()) }
}

/// Returns the result of `body`, which must not throw.
func must<Value>(_ promise: String, _ body: () throws -> Value) -> Value {
    do { return try body() } catch { fatalError("\(promise): \(error)") }
}
