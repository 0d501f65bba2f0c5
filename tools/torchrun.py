"""``torchrun`` that passes requests to stop on to the ranks, and ends with the exit code that tells why they ended."""

import sslrecipes.commands.torchrun

if __name__ == '__main__':
    sslrecipes.commands.torchrun.run()
