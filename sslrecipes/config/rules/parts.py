"""What the networks of a checkpoint are called: the one that was trained, and the one that followed it."""

SYNONYMS = {
    'student': ('student', 'online', 'query', 'encoder_q', 'network'),
    'teacher': ('teacher', 'momentum', 'key', 'encoder_k', 'target', 'ema'),
}
