"""What is true without any machine. Standard library only; imports nothing of ours."""
