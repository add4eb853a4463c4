package elarian

// Version is the version of this SDK, as it names itself to the server.
const Version = "0.1.0"
