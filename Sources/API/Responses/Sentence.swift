/// The words in which a document is refused: the same for every way it may come in by.
package enum Sentence {
    /// What a client would read.
    package static func of(_ error: any Error) -> String {
        (error as? any AnsweredError)?.answer ?? "\(error)"
    }
}
